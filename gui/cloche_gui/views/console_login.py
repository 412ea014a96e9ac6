"""A whole system asks at its console who one is; the way in for whom nobody gave a password."""

from __future__ import annotations

import re
from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer

from cloche_engine.api.model import ExecRequest
from cloche_gui.presenters.notice import Notice, Tone
from cloche_gui.widgets.message_bar import MessageArea
from cloche_gui.widgets.terminal.widget import TerminalWidget

SHELL = ExecRequest(
    ("/bin/sh", "-c", "cd; command -v bash >/dev/null && exec bash -l; exec sh -l"),
    (("TERM", "xterm-256color"), ("HOME", "/root")),
    terminal=True,
)
"""A shell as root would have it after a login."""
NOTICE = Notice(
    Tone.INFO,
    "",
    "This system asks for a user and a password.",
    "Of one that was made from packages nobody has a password yet, root included; a shell of "
    "root's is opened without one.",
)
_TOPIC = "login"
_LOOK_MS = 250
_PROMPT = re.compile(r"\S+ login:\s*\S*")


class LoginHint(QObject):
    """Offers a shell as long as a login is asked for; told of every output of a whole system."""

    def __init__(
        self, terminal: TerminalWidget, messages: MessageArea, open_shell: Callable[[], object]
    ) -> None:
        super().__init__(terminal)
        self._terminal, self._messages = terminal, messages
        self._open_shell = open_shell
        self._is_shown = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def said(self) -> None:
        """Something was said: it is looked at a moment later, once for all of a burst."""
        if not self._timer.isActive():
            self._timer.start()

    def end(self) -> None:
        """It runs no more."""
        self._timer.stop()
        self._hide()

    def _look(self) -> None:
        lines = [line for line in self._terminal.screen_lines() if line]
        asks = bool(lines) and _PROMPT.fullmatch(lines[-1]) is not None
        if asks and not self._is_shown:
            self._is_shown = True
            self._messages.show_notice(_TOPIC, NOTICE, [("Open a shell", self._open)])
        elif lines and not asks and lines[-1] != "Password:":
            self._hide()

    def _open(self) -> None:
        self._messages.clear(_TOPIC)
        self._open_shell()

    def _hide(self) -> None:
        self._is_shown = False
        self._messages.clear(_TOPIC)
