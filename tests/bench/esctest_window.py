"""Runs a program in our console and reads its screen for it, as no user's console does.

`python -m tests.bench.esctest_window ROWS COLUMNS CMD...`
"""

from __future__ import annotations

import os
import pty
import re
import sys

from PyQt6.QtCore import QObject, QSize, QSocketNotifier
from PyQt6.QtWidgets import QApplication, QWidget  # noqa: TID251 - it is one
from PyQt6.sip import voidptr

from cloche_engine.kernel.terminals import set_size
from cloche_gui.widgets.terminal.widget import TerminalWidget

_QUESTION = re.compile(rb"\x1b\[([0-9;]*)\*y")
_READ = 65536
_BEGUN = re.compile(rb"\x1b(?:\[[0-9;]*\*?)?\Z")


class ReadingLink(QObject):
    """Answers DECRQCRA in the terminal's stead, which would let any program read the screen.

    Everything else goes through the widget, there and back, straight from the program's pty.
    """

    def __init__(self, terminal: TerminalWidget, argv: list[str]) -> None:
        super().__init__(terminal)
        self._terminal, self._rest = terminal, b""
        pid, self._master = pty.fork()
        if not pid:
            os.execvp(argv[0], argv)  # noqa: S606 - no shell
        self._notifier = QSocketNotifier(voidptr(self._master), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        terminal.typed.connect(self._send)
        terminal.grid_resized.connect(self._resize)
        self._resize(terminal.rows, terminal.columns)

    def _read(self) -> None:
        self._notifier.setEnabled(False)  # showing handles events
        try:
            self._show(os.read(self._master, _READ))
        except OSError:  # EIO: the program has ended
            QApplication.exit(0)
        else:
            self._notifier.setEnabled(True)

    def _send(self, data: bytes) -> None:
        os.write(self._master, data)

    def _resize(self, rows: int, columns: int) -> None:
        set_size(self._master, rows, columns)

    def _show(self, data: bytes) -> None:
        *asked, rest = split(self._rest + data)
        for output, question in asked:
            self._show_all(output)
            self._send(self._checksum(question))
        self._show_all(rest[0])
        self._rest = rest[1]

    def _show_all(self, output: bytes) -> None:
        self._terminal.feed(output)
        while self._terminal.backlog:
            QApplication.processEvents()

    def _checksum(self, question: bytes) -> bytes:
        """The sum of the characters in a rectangle; as since xterm 334, what is empty is blank."""
        number, _page, top, left, bottom, right = map(int, question.split(b";"))
        rows = self._terminal.screen_lines()[top - 1 : bottom]
        cells = "".join(row.ljust(right)[left - 1 : right] for row in rows)
        return b"\x1bP%d!~%04X\x1b\\" % (number, sum(map(ord, cells)) & 0xFFFF)


def split(data: bytes) -> list[tuple[bytes, bytes]]:
    """Output and the question after it, several times; at the end what may become a question."""
    parts, at = [], 0
    for match in _QUESTION.finditer(data):
        parts.append((data[at : match.start()], match[1]))
        at = match.end()
    begun = _BEGUN.search(data, at)
    end = begun.start() if begun else len(data)
    return [*parts, (data[at:end], data[end:])]


def _fit(terminal: TerminalWidget, rows: int, columns: int) -> None:
    """Gives the window the size at which the grid is as wanted."""
    while (terminal.rows, terminal.columns) != (rows, columns):
        step = QSize(columns - terminal.columns, rows - terminal.rows)
        terminal.resize(terminal.size() + step)
        QApplication.processEvents()


def main() -> int:
    """Shows the program's console until the program ends."""
    rows, columns, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    application = QApplication(sys.argv[:1])
    window = QWidget()
    terminal = TerminalWidget(window)
    terminal.resize(terminal.sizeHint())
    window.showFullScreen()
    terminal.setFocus()
    _fit(terminal, rows, columns)
    link = ReadingLink(terminal, argv)
    link.setObjectName("esctest")
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
