"""An agent that asks for passwords on this terminal, for the time of one command.

polkit asks agents that are registered for a session or for this very process, and pkexec's own one
cannot complete what it asks before polkit 125 ("No session for cookie").
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import termios
from typing import Any

_TERMINAL = 0


class PasswordAgent:
    """Started where it is needed; it goes before the desktop's.

    pkttyagent has --fallback to go behind it, but is then not asked at all outside of a session.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._modes: list[Any] = []

    def start(self) -> None:
        """Have it ready when this returns, where it can ask and is installed."""
        program = shutil.which("pkttyagent")
        if self._process is not None or program is None or not _can_ask():
            return
        self._modes = termios.tcgetattr(_TERMINAL)
        registered, closed_then = os.pipe()
        words = [program, "--process", str(os.getpid())]
        try:
            self._process = subprocess.Popen(
                [*words, "--notify-fd", str(closed_then)], pass_fds=[closed_then],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(closed_then)
            os.read(registered, 1)
            os.close(registered)

    def close(self) -> None:
        """End it; the terminal is as it was, also in the middle of a password."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.wait()
        self._process = None
        if _in_front():  # from the background it would stop us
            with contextlib.suppress(termios.error):
                termios.tcsetattr(_TERMINAL, termios.TCSADRAIN, self._modes)


def _can_ask() -> bool:
    """Whether somebody at the terminal could be asked for a password."""
    return os.geteuid() != 0 and _in_front()


def _in_front() -> bool:
    """Whether we have a terminal and are not in its background."""
    try:
        return os.tcgetpgrp(_TERMINAL) == os.getpgrp()
    except OSError:
        return False
