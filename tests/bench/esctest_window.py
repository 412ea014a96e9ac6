"""Runs a program in our console and reads its screen for it, as no user's console does.

`python -m tests.bench.esctest_window ROWS COLUMNS CMD...`
"""

from __future__ import annotations

import re
import sys

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QApplication, QWidget  # noqa: TID251 - it is one
from tests.bench.console_window import PtyLink

from cloche_gui.widgets.terminal.widget import TerminalWidget

_QUESTION = re.compile(rb"\x1b\[([0-9;]*)\*y")
_BEGUN = re.compile(rb"\x1b(?:\[[0-9;]*\*?)?\Z")


class ReadingLink(PtyLink):
    """Answers DECRQCRA in the terminal's stead, which would let any program read the screen.

    Everything else goes through the widget, there and back.
    """

    _rest = b""

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
    link = ReadingLink(terminal, argv, ends_all=True)
    link.setObjectName("esctest")
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
