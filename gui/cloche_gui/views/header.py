"""The top of a container's page: name, state, addresses, and what may be done."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cloche_engine.api.model import Container, State
from cloche_gui.presenters.container import Action, subtitle
from cloche_gui.presenters.notice import plain_tip
from cloche_gui.views.commands import Commands
from cloche_gui.views.container_delegate import state_color
from cloche_gui.widgets import icons
from cloche_gui.widgets.heir import Heir, InheritedToolButton
from cloche_gui.widgets.labels import ElidedLabel

_SHOWN = (
    Action.START,
    Action.STOP,
    Action.KILL,
    Action.PAUSE,
    Action.RESUME,
    Action.DELETE,
)


class _StateMark(QWidget):
    """The icon of a state."""

    def __init__(self) -> None:
        super().__init__()
        self._state = State.STOPPED
        self.setFixedSize(QSize(28, 28))

    def show_state(self, state: State) -> None:
        self._state = state
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        place = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        icons.paint(painter, f"state-{self._state.value}", place, state_color(self._state))


class Header(QWidget):
    """Name and state on the left, buttons on the right."""

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        font = self.name.font()
        font.setPointSizeF(font.pointSizeF() * 1.35)
        font.setBold(True)
        self.name.setFont(font)
        self.state = ElidedLabel()
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._mark = _StateMark()
        self.buttons = {kind: self._button(commands, kind) for kind in _SHOWN}
        self._lay_out()

    def show_container(self, container: Container) -> None:
        """Show the name and the state of a container."""
        self.name.setText(container.name)
        self.name.setToolTip(plain_tip(container.title or container.name))
        self.state.show_text(subtitle(container))
        self._mark.show_state(container.state)

    def set_heir(self, heir: Heir) -> None:
        """Where the keyboard goes when a button that has it rests."""
        for button in self.buttons.values():
            button.heir = heir

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.state)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._mark)
        row.addSpacing(6)
        row.addLayout(words, 1)
        for button in self.buttons.values():
            row.addWidget(button)

    def _button(self, commands: Commands, kind: Action) -> InheritedToolButton:
        button = InheritedToolButton()
        button.setDefaultAction(commands[kind.value])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(18, 18))
        button.setAutoRaise(True)
        button.setMinimumWidth(60)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button
