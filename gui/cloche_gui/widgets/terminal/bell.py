"""The bell of a console: a short frame around the text, and a sound, not too often."""

import time
from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QApplication, QWidget

_SHOWN_MS = 150
_REST_SECONDS = 0.5


class Bell(QObject):
    """Rings for the user; calls `changed` when the frame comes and goes."""

    def __init__(self, widget: QWidget, changed: Callable[[], None]) -> None:
        super().__init__(widget)
        self._widget, self._changed = widget, changed
        self._rang = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(changed)

    @property
    def is_shown(self) -> bool:
        """Whether the frame is to be drawn."""
        return self._timer.isActive()

    def ring(self) -> None:
        """Rings, unless it just did; a window in the background asks for attention."""
        if time.monotonic() - self._rang < _REST_SECONDS:
            return
        self._rang = time.monotonic()
        QApplication.beep()
        QApplication.alert(self._widget.window(), 0)
        self._timer.start()
        self._changed()
