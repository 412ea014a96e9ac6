"""Links under the mouse: shown with their address, opened on Ctrl+click after a question."""

from PyQt6.QtCore import QPointF, Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QGuiApplication, QMouseEvent
from PyQt6.QtWidgets import QMessageBox, QToolTip, QWidget

from cloche_gui.widgets.message_box import open_box
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.display import Display
from cloche_gui.widgets.terminal.links import Link, link_at

_CTRL = Qt.KeyboardModifier.ControlModifier


class LinkPointer:
    """Knows the link under the mouse while Ctrl is held."""

    def __init__(self, parent: QWidget, core: TerminalCore, display: Display) -> None:
        self._parent, self._core, self._display = parent, core, display
        self._place = QPointF(-1, -1)
        self.link: Link | None = None

    def move(self, event: QMouseEvent) -> None:
        """The mouse is here now."""
        self._place = event.position()
        self.follow(event.modifiers())

    def follow(self, held: Qt.KeyboardModifier) -> None:
        """Shows the address under the mouse if Ctrl is held, and forgets it otherwise."""
        link = self._under(self._place) if held & _CTRL else None
        if link == self.link:
            return
        self.link = link
        self._parent.setCursor(
            Qt.CursorShape.PointingHandCursor if link else Qt.CursorShape.IBeamCursor
        )
        if link:
            where = self._parent.mapToGlobal(self._place.toPoint())
            QToolTip.showText(where, link.address, self._parent)  # ASCII without angle brackets
        else:
            QToolTip.hideText()
        self._parent.update()

    def click(self, event: QMouseEvent) -> bool:
        """Asks whether to open the link here; False if there is none."""
        self.move(event)
        if event.button() is not Qt.MouseButton.LeftButton or self.link is None:
            return False
        self.ask(self.link.address)
        return True

    def ask(self, address: str) -> None:
        """Shows the whole address, and opens it or copies it if the user says so."""
        box = QMessageBox(self._parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Open a link")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText("The program in the console shows a link to:")
        box.setInformativeText(_wrappable(address))
        open_button = box.addButton("&Open", QMessageBox.ButtonRole.AcceptRole)
        copy_button = box.addButton("&Copy address", QMessageBox.ButtonRole.ActionRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))

        def act() -> None:
            if box.clickedButton() is open_button:
                QDesktopServices.openUrl(QUrl(address))
            elif box.clickedButton() is copy_button:
                clipboard = QGuiApplication.clipboard()
                if clipboard is not None:
                    clipboard.setText(address)

        box.finished.connect(act)
        open_box(box)

    def _under(self, place: QPointF) -> Link | None:
        x, y = self._display.grid_position(place)
        width, height = self._display.cell_size
        if not (0 <= x < width * self._core.columns and 0 <= y < height * self._core.rows):
            return None
        spot = self._display.spot_at(place)
        return link_at(self._core, spot.row, spot.column)


def _wrappable(address: str) -> str:
    """In lines of a length that a box can show."""
    return "\n".join(address[at : at + 80] for at in range(0, len(address), 80))
