"""The console widget on a pty in a window of its own: `python -m tests.bench.console_window CMD`.

With `--beside-a-flood` a second console in the same window shows `yes` all the while.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

from PyQt6.QtCore import QObject, QSocketNotifier
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QWidget  # noqa: TID251 - it is one
from PyQt6.sip import voidptr

from cloche_gui.services.console import MAX_BACKLOG, SLICE
from cloche_gui.widgets.terminal.widget import TerminalWidget

_READ, _PARTS = 65536, 8


class PtyLink(QObject):
    """Reads a pty as the window reads a socket: what has come at once, resting when behind."""

    def __init__(self, terminal: TerminalWidget, argv: list[str], *, ends_all: bool) -> None:
        super().__init__(terminal)
        self._terminal, self._ends_all, self._has_ended = terminal, ends_all, False
        pid, self._master = pty.fork()
        if not pid:
            os.execvp(argv[0], argv)  # noqa: S606 - no shell
        os.set_blocking(self._master, False)
        self._ready = select.poll()
        self._ready.register(self._master, select.POLLIN)
        self._notifier = QSocketNotifier(voidptr(self._master), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        terminal.typed.connect(self._send)
        terminal.grid_resized.connect(self._resize)
        self._resize(terminal.rows, terminal.columns)

    def _read(self) -> None:
        until = time.monotonic() + SLICE
        while time.monotonic() < until and self._terminal.backlog < MAX_BACKLOG:
            data = self._gathered()
            if data:
                self._show(data)
            elif self._has_ended or not self._ready.poll(0):
                return

    def _gathered(self) -> bytes:
        """What there is, up to 32 KiB: a pty gives 4 KiB at a time."""
        parts: list[bytes] = []
        try:
            while len(parts) < _PARTS:
                parts.append(os.read(self._master, _READ))
        except BlockingIOError:
            pass
        except OSError:  # EIO: the program has ended
            self._end()
        return b"".join(parts)

    def _end(self) -> None:
        self._has_ended = True
        self._notifier.setEnabled(False)
        if self._ends_all:
            QApplication.exit(0)

    def _show(self, data: bytes) -> None:
        self._terminal.feed(data)

    def _send(self, data: bytes) -> None:
        os.write(self._master, data)

    def _resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main() -> int:
    """Show the program's console until the program ends."""
    floods = sys.argv[1] == "--beside-a-flood"
    argv = sys.argv[2:] if floods else sys.argv[1:]
    application = QApplication(sys.argv[:1])
    window = QWidget()
    row = QHBoxLayout(window)
    row.setContentsMargins(0, 0, 0, 0)
    terminal, flooded = TerminalWidget(), TerminalWidget()
    row.addWidget(terminal)
    if floods:
        row.addWidget(flooded)
    window.show()
    terminal.setFocus()
    application.processEvents()
    links = [PtyLink(terminal, argv, ends_all=True)]
    if floods:
        links.append(PtyLink(flooded, ["yes", "all work and no play"], ends_all=False))
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
