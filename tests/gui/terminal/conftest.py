"""A screen for the console widget, and a real program behind it."""

import atexit
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QSocketNotifier, Qt
from PyQt6.sip import voidptr
from pytestqt.qtbot import QtBot
from tests.gui.screen import Screen, needs_screen
from tests.gui.terminal import gestures

from cloche_gui.widgets.terminal.theme import DARK
from cloche_gui.widgets.terminal.widget import TerminalWidget

# Qt looks for it when its application is made.
# Tests that run side by side must not share a clipboard.
if needs_screen() or "PYTEST_XDIST_WORKER" in os.environ:
    _SCREEN = Screen()
    os.environ["DISPLAY"] = _SCREEN.display
    atexit.register(_SCREEN.close)


@pytest.fixture
def console(qtbot: QtBot) -> TerminalWidget:
    """A console of 24 by 80 cells that has the focus."""
    widget = TerminalWidget()
    qtbot.addWidget(widget)
    widget.set_theme(DARK)
    widget.resize(widget.sizeHint())
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()
        widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)
    return widget


@pytest.fixture
def typed(console: TerminalWidget) -> list[bytes]:
    """All that the console has sent."""
    sent: list[bytes] = []
    console.typed.connect(sent.append)
    return sent


class Program:
    """A program on a pty, wired to a console as the window wires them."""

    def __init__(self, qtbot: QtBot, console: TerminalWidget, argv: list[str], home: Path) -> None:
        self.console, self._qtbot = console, qtbot
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

    def shows(self, wanted: str | Callable[[list[str]], bool], timeout: int = 30_000) -> None:
        """Waits until the console shows this text, or what this asks for."""

        def seen() -> bool:
            lines = self.console.screen_lines()
            return wanted in "\n".join(lines) if isinstance(wanted, str) else wanted(lines)

        try:
            self._qtbot.waitUntil(seen, timeout=timeout)
        except self._qtbot.TimeoutError:
            pytest.fail(f"no {wanted!r} in:\n" + "\n".join(self.console.screen_lines()))

    def type(self, text: str) -> None:
        """Types text by key events."""
        gestures.type_text(self.console, text)

    def press(
        self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Presses one key."""
        gestures.tap(self.console, key, held)

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


@pytest.fixture
def run(qtbot: QtBot, console: TerminalWidget, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts a program in the console."""
    started: list[Program] = []

    def start(*argv: str) -> Program:
        started.append(Program(qtbot, console, list(argv), tmp_path))
        return started[-1]

    yield start
    for program in started:
        program.close()
