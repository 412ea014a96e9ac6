"""What the helper says to whoever started it: `ready`, or one line why not."""

from __future__ import annotations

import contextlib
import os


class Starter:
    """The standard output and error that the helper was started with."""

    def __init__(self) -> None:
        self._output, self._errors = 1, 2

    def redirect(self, log: int) -> None:
        """What this process and its children print goes to the log; the starter is kept aside."""
        if self._output == 1:
            self._output, self._errors = os.dup(1), os.dup(2)
        nothing = os.open(os.devnull, os.O_RDWR)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(nothing)

    def ready(self) -> None:
        """Callers may come."""
        self._say(self._output, "ready")
        self._let_go()

    def failed(self, line: str) -> None:
        """It did not come to that, or it ended badly later."""
        self._say(self._errors, line)
        self._let_go()

    def _say(self, number: int, line: str) -> None:
        with contextlib.suppress(OSError):
            os.write(number, line.encode() + b"\n")

    def _let_go(self) -> None:
        if self._output != 1:
            os.close(self._output)
            os.close(self._errors)
        self._output, self._errors = 1, 2
