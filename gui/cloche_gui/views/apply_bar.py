"""Apply and Discard, with a word on where the draft stands."""

from __future__ import annotations

from itertools import pairwise

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QWidget

from cloche_gui.presenters.draft import Draft
from cloche_gui.views.commands import Commands
from cloche_gui.widgets import icons
from cloche_gui.widgets.heir import Heir, InheritedButton
from cloche_gui.widgets.labels import ElidedLabel


class ApplyBar(QWidget):
    """Says what is not applied yet, or why it cannot be."""

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self._commands = commands
        self.status = ElidedLabel()
        self._icon = QLabel()
        self._icon.setFixedSize(QSize(18, 18))
        self.changes = _button(commands, "changes", "What changes …")
        self.discard = _button(commands, "discard", "Discard")
        self.apply = _button(commands, "apply", "Apply")
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 6, 2, 2)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.status, 1)
        row.addWidget(self.changes)
        row.addWidget(self.discard)
        row.addWidget(self.apply)

    def show_draft(self, draft: Draft | None, obstacle: str = "") -> None:
        """Show where the draft stands, and enable what can be done."""
        dirty = draft is not None and draft.dirty
        blocked = draft.blocked if draft is not None else ""
        can_apply = dirty and not blocked and not obstacle
        can_compare = dirty and not blocked
        self._set("changes", enabled=can_compare, why_not=blocked or "There are no changes.")
        self._set(
            "discard", enabled=dirty and not obstacle, why_not=obstacle or "There are no changes."
        )
        self._set(
            "apply", enabled=can_apply, why_not=blocked or obstacle or "There are no changes."
        )
        if draft is None:
            self._say("", "")
        elif blocked:
            self._say("error", f"Not to be applied yet: {blocked}")
        elif dirty:
            self._say("info", "Changed, not applied yet.")
        else:
            self._say("", "No changes.")

    def take_the_last_turn(self) -> None:
        """Let Tab come to the buttons after the page above them, though it was made later."""
        buttons: list[QWidget] = [self.changes, self.discard, self.apply]
        window = self.window()
        last = window.previousInFocusChain() if window is not None else None
        while last is not None and (
            last in buttons or last.focusPolicy() == Qt.FocusPolicy.NoFocus
        ):
            last = last.previousInFocusChain()
        if last is not None:
            for one, other in pairwise([last, *buttons]):
                self.setTabOrder(one, other)

    def set_heir(self, heir: Heir) -> None:
        """Where the keyboard goes when a button that has it rests."""
        for button in (self.changes, self.discard, self.apply):
            button.heir = heir

    def _set(self, name: str, *, enabled: bool, why_not: str) -> None:
        action = self._commands[name]
        action.setEnabled(enabled)
        button = {"apply": self.apply, "discard": self.discard, "changes": self.changes}[name]
        button.setEnabled(enabled)
        keys = action.shortcut().toString()
        button.setToolTip(f"{action.text().replace('&', '')} ({keys})" if enabled else why_not)

    def _say(self, icon: str, text: str) -> None:
        pixmap = icons.icon(icon).pixmap(QSize(18, 18), self.devicePixelRatioF()) if icon else None
        self._icon.setVisible(pixmap is not None)
        if pixmap is not None:
            self._icon.setPixmap(pixmap)
        self.status.show_text(text)
        self.status.setEnabled(bool(icon))


def _button(commands: Commands, name: str, text: str) -> InheritedButton:
    icon = commands[name].icon()
    button = InheritedButton(text) if icon.isNull() else InheritedButton(icon, text)
    button.setMinimumWidth(104)
    button.clicked.connect(commands[name].trigger)
    return button
