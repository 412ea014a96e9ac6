"""The look of the application, as the desktop changes its mind."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QApplication

from cloche_gui.widgets.colors import DARK, LIGHT, is_dark, palette
from cloche_gui.widgets.house_style import HouseStyle


class Appearance(QObject):
    """Applies the scheme that the desktop asks for, now and at every change."""

    changed = pyqtSignal()

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self._app = app
        app.setStyle(HouseStyle())
        hints = app.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self.apply)
            self.apply(hints.colorScheme())

    @property
    def is_dark(self) -> bool:
        """Whether the dark colours are in use."""
        return is_dark()

    def apply(self, scheme: Qt.ColorScheme) -> None:
        """Use the colours of this scheme; an unknown one is light."""
        dark = scheme == Qt.ColorScheme.Dark
        self._app.setPalette(palette(DARK if dark else LIGHT))
        self.changed.emit()
