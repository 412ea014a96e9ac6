"""Buttons that rest after a click, without the keyboard going astray.

Qt gives the keyboard of a button that is disabled to whatever comes next, at the end of a window
to its beginning.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QAbstractButton, QPushButton, QToolButton

Heir = Callable[[], object]
"""Gives the keyboard to where one goes on."""


def _nobody() -> None:
    """No place is known yet."""


def _is_inherited(button: QAbstractButton, heir: Heir) -> bool:
    """Whether the button was disabled and its heir has taken the keyboard."""
    if button.isEnabled():
        return False
    heir()
    return not button.hasFocus()


class InheritedButton(QPushButton):
    """Gives the keyboard to its heir when it is disabled while it has it."""

    heir: Heir = staticmethod(_nobody)

    def focusNextPrevChild(self, next_child: bool) -> bool:
        """Qt asks this for Tab, and once more after a button was disabled."""
        return _is_inherited(self, self.heir) or super().focusNextPrevChild(next_child)


class InheritedToolButton(QToolButton):
    """The same on a tool bar."""

    heir: Heir = staticmethod(_nobody)

    def focusNextPrevChild(self, next_child: bool) -> bool:
        """As above."""
        return _is_inherited(self, self.heir) or super().focusNextPrevChild(next_child)
