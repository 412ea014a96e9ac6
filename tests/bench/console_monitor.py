"""`python -m tests.bench.console_monitor SOCKET CMD`: the monitor of one program, for a window.

The monitor's own session and loop read the program's pty, in a process of their own, and serve the
console socket that is passed as this descriptor. It ends when the viewer has read all.
"""

from __future__ import annotations

import os
import pty
import socket
import sys

from cloche_engine.api.console import Ended, Size
from cloche_engine.kernel.terminals import SIZE
from cloche_engine.monitor.loop import READ, Loop
from cloche_engine.monitor.ring import HEAD, Ring
from cloche_engine.monitor.session import Session

_LOOK = 0.05


class Watch:
    """One program, from its start until its viewer knows of its end."""

    def __init__(self, link: socket.socket, argv: list[str]) -> None:
        self._pid, master = pty.fork()
        if not self._pid:
            os.execvp(argv[0], argv)  # noqa: S606 - no shell
        self._loop = Loop()
        self._loop.open()
        pidfd = os.pidfd_open(self._pid)
        self._session = Session(self._loop, pidfd, master, ring=Ring(head=HEAD))
        self._session.attach(link, Size(*SIZE))
        self._loop.watch(pidfd, READ, self._ended)
        self._loop.later(_LOOK, self._look)

    def run(self) -> None:
        """Until nobody looks any more."""
        self._loop.run()

    def _ended(self, _: int) -> None:
        self._loop.forget(self._session.pidfd)
        _, status = os.waitpid(self._pid, 0)
        self._session.end(Ended(os.waitstatus_to_exitcode(status) & 0xFFFF))

    def _look(self) -> None:
        if self._session.is_watched:
            self._loop.later(_LOOK, self._look)
        else:
            self._loop.stop()


def main() -> None:
    """Serve the program; it hears a hang-up where the window goes first."""
    Watch(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:]).run()


if __name__ == "__main__":
    main()
