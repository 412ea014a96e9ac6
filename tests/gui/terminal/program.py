"""A program on a pty, wired to a console as the window wires them."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import termios
from pathlib import Path

from PyQt6.QtCore import QSocketNotifier
from PyQt6.sip import voidptr

from cloche_gui.widgets.terminal.widget import TerminalWidget


class Program:
    """Runs until it is closed; what it says is shown, what is typed reaches it."""

    def __init__(self, console: TerminalWidget, argv: list[str], home: Path) -> None:
        self.console = console
        self.pid, self._master = pty.fork()
        if not self.pid:
            environment = {"TERM": "xterm-256color", "HOME": str(home), "PATH": os.environ["PATH"],
                           "LANG": "C.UTF-8", "PS1": "$ ", "LESSHISTFILE": "-"}  # fmt: skip
            os.chdir(home)
            os.execvpe(argv[0], argv, environment)  # noqa: S606 - no shell unless the test asks
        os.set_blocking(self._master, False)
        self._resize(console.rows, console.columns)
        self._notifier = QSocketNotifier(QSocketNotifier.Type.Read)
        self._notifier.setSocket(voidptr(self._master))
        self._notifier.setEnabled(True)
        self._notifier.activated.connect(self._read)
        console.typed.connect(self._write)
        console.grid_resized.connect(self._resize)

    def close(self) -> None:
        """Ends the program."""
        self._notifier.setEnabled(False)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def _read(self) -> None:
        try:
            self.console.feed(os.read(self._master, 65536))
        except OSError:  # EIO: the program has ended
            self._notifier.setEnabled(False)

    def _write(self, data: bytes) -> None:
        os.write(self._master, data)

    def _resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
