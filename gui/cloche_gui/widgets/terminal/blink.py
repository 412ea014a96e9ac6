"""The blinking of the cursor, and of text."""

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QApplication


class Blink(QObject):
    """Says whether what blinks is lit; calls `changed` when that changes by itself."""

    def __init__(self, parent: QObject, changed: Callable[[], None]) -> None:
        super().__init__(parent)
        self._changed = changed
        self.lit = True
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._toggle)

    def restart(self) -> None:
        """Lit again, as after a key."""
        self.lit = True
        if self._timer.isActive():
            self._timer.start()

    def set_wanted(self, *, wanted: bool) -> None:
        """Blinks if wanted, and if the desktop has anything blink at all."""
        flash = QApplication.cursorFlashTime()
        if not wanted or flash <= 0:
            self._timer.stop()
            self.lit = True
        elif not self._timer.isActive():
            self._timer.start(flash // 2)

    def _toggle(self) -> None:
        self.lit = not self.lit
        self._changed()
