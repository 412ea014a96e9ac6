"""Mouse, keys and another program's clipboard, through the X server itself."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QClipboard, QCursor, QGuiApplication
from PyQt6.QtWidgets import QWidget  # noqa: TID251 - it acts on one
from pytestqt.qtbot import QtBot

Selection = Literal["primary", "clipboard"]
_MODES = {"primary": QClipboard.Mode.Selection, "clipboard": QClipboard.Mode.Clipboard}


class RealHands:
    """What a person does to one window, by xdotool (XTEST) and xclip."""

    def __init__(self, qtbot: QtBot, target: QWidget) -> None:
        self._qtbot, self._target = qtbot, target
        self._owners: list[subprocess.Popen[bytes]] = []
        self._pointer = QCursor.pos()

    def keys(self, *chords: str) -> None:
        """Presses keys where the X server has the focus."""
        _do("key", *chords)

    @contextmanager
    def layout(self, *names: str) -> Iterator[None]:
        """Another keyboard for a while."""
        subprocess.run(["setxkbmap", *names], check=True, timeout=60)
        try:
            yield
        finally:
            subprocess.run(["setxkbmap", "us", "-variant", ""], check=True, timeout=60)

    def drag(self, start: QPoint, end: QPoint) -> None:
        """Drags with the left button, in steps as a hand does."""
        half = (start + end) / 2
        _do(*self._to(start), "mousedown", "1", *self._to(half), *self._to(end), "mouseup", "1")

    def click(self, place: QPoint, button: int) -> None:
        """Clicks once."""
        _do(*self._to(place), "click", str(button))

    def _to(self, place: QPoint) -> list[str]:
        on_screen = self._target.mapToGlobal(place)
        return ["mousemove", str(on_screen.x()), str(on_screen.y())]

    def offer(self, text: str, selection: Selection) -> None:
        """Lets another program own a selection."""
        program = ["xclip", "-quiet", "-i", "-selection", selection]
        owner = subprocess.Popen(program, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._owners.append(owner)
        assert owner.stdin is not None
        with owner.stdin:
            owner.stdin.write(text.encode())
        board = QGuiApplication.clipboard()
        assert board is not None
        self._qtbot.waitUntil(lambda: board.text(_MODES[selection]) == text)

    def taken(self, selection: Selection, kind: str = "UTF8_STRING") -> str:
        """What another program gets that pastes now."""
        program = ["xclip", "-o", "-selection", selection, "-t", kind]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as taker:
            self._qtbot.waitUntil(lambda: taker.poll() is not None)
            said, complaint = taker.communicate()
        assert taker.returncode == 0, complaint.decode()
        return said.decode()

    def close(self) -> None:
        """Ends the programs that still own something, and puts the pointer where it was."""
        _do("mousemove", str(self._pointer.x()), str(self._pointer.y()))
        for owner in self._owners:
            owner.terminate()
            owner.wait(30)


def _do(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True, timeout=60)
