"""The letters of a console: a font of equal widths, in a size within reason."""

from collections.abc import Callable

from PyQt6.QtGui import QFont, QFontDatabase
from PyQt6.QtWidgets import QFontDialog, QWidget

from cloche_gui.widgets.closing import give_back

_POINTS_LEAST, _POINTS_MOST = 5.0, 48.0


class Typeface:
    """Which font is used; the system's own until one is chosen."""

    def __init__(self) -> None:
        self.font = _system_font()

    def set_points(self, points: float) -> None:
        """Another size, within reason."""
        self.font.setPointSizeF(min(max(points, _POINTS_LEAST), _POINTS_MOST))

    def set_family(self, family: str) -> None:
        """Another family; the system's own if this is empty or not installed."""
        own = _system_font().family()
        self.font.setFamily(family if family in QFontDatabase.families() else own)


def ask_for_font(parent: QWidget, font: QFont, chosen: Callable[[QFont], None]) -> None:
    """Offers the fonts of equal widths."""
    dialog = QFontDialog(font, parent)
    dialog.setWindowTitle("The console's font")
    dialog.setOption(QFontDialog.FontDialogOption.MonospacedFonts)
    dialog.fontSelected.connect(chosen)
    give_back(dialog)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _system_font() -> QFont:
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
