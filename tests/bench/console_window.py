"""The console widget in a window of its own, as users have it: `… tests.bench.console_window CMD`.

A monitor's session in another process reads the program's pty, and its socket leads to the widget
as in the product. With `--beside-a-flood` a second console in the same window shows `yes`.
"""

from __future__ import annotations

import socket
import subprocess
import sys

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QWidget  # noqa: TID251 - it is one

from cloche_gui.services.console import ConsoleLink
from cloche_gui.views.console_wiring import send_from
from cloche_gui.widgets.terminal.widget import TerminalWidget


class Monitored(QObject):
    """A program in this terminal; a byte of it that is missing ends the measurement."""

    def __init__(self, terminal: TerminalWidget, argv: list[str]) -> None:
        super().__init__(terminal)
        self.has_ended, self.lost = False, 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", "tests.bench.console_monitor", str(number), *argv]
            self.monitor = subprocess.Popen(command, pass_fds=[number])
        self.link = link = ConsoleLink(ours, self, lambda: terminal.backlog)
        link.output.connect(lambda output, is_old: terminal.feed(output, answer=not is_old))
        link.gap.connect(self._missed)
        link.ended.connect(self._ended)
        link.closed.connect(self._ended)
        link.resized.connect(terminal.hold_grid)
        terminal.typed.connect(lambda typed: send_from(terminal, link, typed))
        terminal.grid_resized.connect(link.resize)
        link.resize(terminal.rows, terminal.columns)

    def _missed(self, count: int) -> None:
        self.lost += count
        sys.stderr.write(f"{count} bytes did not reach the console: nothing can be measured so\n")
        self.link.close()
        self._ended()
        QApplication.exit(1)

    def _ended(self, *_how: object) -> None:
        self.has_ended = True

    def end(self) -> None:
        """Hang up; its program hears of it as of a terminal that goes."""
        self.link.close()
        self.monitor.wait(10)


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
    consoles = [Monitored(terminal, argv)]
    consoles[0].link.ended.connect(lambda _code, _memory: application.exit(0))
    consoles[0].link.closed.connect(lambda: application.exit(1))
    if floods:
        consoles.append(Monitored(flooded, ["yes", "all work and no play"]))
    code = application.exec()
    for console in consoles:
        console.end()
    return code


if __name__ == "__main__":
    sys.exit(main())
