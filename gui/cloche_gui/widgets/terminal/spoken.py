"""The text of a console for screen readers: a read-only text field that is never seen.

PyQt has no way to give a widget an accessible text of its own, but a text field of Qt's has one. It
lies over the grid with the same letters, so that a reader finds each line where it is shown.
"""

import os

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtDBus import QDBusConnection, QDBusInterface
from PyQt6.QtGui import QPaintEvent, QTextCursor
from PyQt6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from cloche_gui.widgets.terminal.core import TerminalCore

_QUIET_MS = 150
_FORCED = "QT_LINUX_ACCESSIBILITY_ALWAYS_ON"


class SpokenText(QPlainTextEdit):
    """Follows the visible lines and the cursor, once output rests for a moment."""

    def __init__(self, parent: QWidget, core: TerminalCore) -> None:
        super().__init__(parent)
        self._core = core
        self.setAccessibleName("Text of the console")
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        viewport = self.viewport()
        if viewport is not None:
            viewport.setAutoFillBackground(False)
            viewport.setCursor(Qt.CursorShape.IBeamCursor)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(self._follow)

    def changed(self) -> None:
        """The picture has changed."""
        if not self._timer.isActive():
            self._timer.start()

    def dock(self) -> None:
        """Lies over the grid, in the console's letters."""
        parent = self.parentWidget()
        if parent is not None:
            self.setFont(parent.font())
            self.setGeometry(parent.rect())
            self.lower()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draws nothing: the grid below is what is seen."""

    def _follow(self) -> None:
        lines = [row.text for row in self._core.screen]
        text = "\n".join(lines)
        if text != self.toPlainText():
            self.setPlainText(text)
        cursor = self._core.cursor
        if cursor is not None and cursor.row < len(lines):
            place = sum(len(line) + 1 for line in lines[: cursor.row])
            caret = QTextCursor(self.document())
            caret.setPosition(place + min(cursor.column, len(lines[cursor.row])))
            self.setTextCursor(caret)


def is_wanted() -> bool:
    """Whether a screen reader is there, as the desktop tells on the session bus."""
    if os.environ.get(_FORCED, "0") not in {"", "0"}:
        return True
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    status = QDBusInterface("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Status", bus)
    status.setTimeout(200)
    return bool(status.property("ScreenReaderEnabled")) if status.isValid() else False
