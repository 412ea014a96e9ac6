"""The scroll bar of a console."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QScrollBar, QWidget

from cloche_gui.widgets.terminal.model import Position


class HistoryBar(QScrollBar):
    """Shows where the viewport stands; `valueChanged` comes only from the user."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAccessibleName("Scrollback of the console")

    def show_position(self, position: Position) -> None:
        """Follows the terminal."""
        was_blocked = self.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        self.setRange(0, position.total - position.visible)
        self.setPageStep(position.visible)
        self.setValue(position.offset)
        self.blockSignals(was_blocked)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """With nothing to scroll to, only the ground of the console."""
        if self.maximum() > 0:
            super().paintEvent(event)

    def dock(self) -> None:
        """Takes the right edge of the parent."""
        parent, width = self.parentWidget(), self.sizeHint().width()
        if parent is not None:
            self.setGeometry(parent.width() - width, 0, width, parent.height())
