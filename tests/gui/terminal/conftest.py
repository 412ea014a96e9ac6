"""A screen for the console widget, and a real program behind it."""

import atexit
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tests.gui.screen import Screen, needs_screen
from tests.gui.terminal import gestures
from tests.gui.terminal.program import Program

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


class Watched(Program):
    """A program whose screen is waited for, and to which one types."""

    def __init__(self, qtbot: QtBot, console: TerminalWidget, argv: list[str], home: Path) -> None:
        super().__init__(console, argv, home)
        self._qtbot = qtbot

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


@pytest.fixture
def run(qtbot: QtBot, console: TerminalWidget, tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Starts a program in the console."""
    started: list[Watched] = []

    def start(*argv: str) -> Watched:
        started.append(Watched(qtbot, console, list(argv), tmp_path))
        return started[-1]

    yield start
    for program in started:
        program.close()
