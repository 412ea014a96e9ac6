"""Questions and notes that show all of their text on every desktop."""

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QGridLayout, QMessageBox, QSizePolicy, QSpacerItem

from cloche_gui.widgets.closing import give_back

_UNBOUND = (1 << 24) - 1
_WIDTH = 440


def _widen(box: QMessageBox) -> None:
    """Room for a sentence in a line: by itself the box is as narrow as its heading."""
    layout = box.layout()
    if isinstance(layout, QGridLayout):
        room = QSpacerItem(_WIDTH, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        layout.addItem(room, layout.rowCount(), 0, 1, layout.columnCount())


def open_box(box: QMessageBox) -> None:
    """Open the box without waiting for the answer; it is deleted when it is closed."""
    give_back(box)
    box.finished.connect(box.deleteLater)
    _widen(box)
    box.open()
    if QGuiApplication.platformName() == "wayland":
        # Told a largest size before it knows the shadow, Mutter takes the shadow off that size,
        # and the last lines are cut off. Qt fixes the size again when the box is there.
        box.setMaximumSize(_UNBOUND, _UNBOUND)
