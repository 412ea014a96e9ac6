"""Selecting, copying and pasting by a real mouse and real keys, with another X client."""

import html
import re
import shutil
from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QEvent
from PyQt6.QtGui import QClipboard, QGuiApplication
from PyQt6.QtWidgets import QApplication, QMessageBox  # noqa: TID251 - it looks for one
from pytestqt.qtbot import QtBot
from tests.gui.screen import is_ours
from tests.gui.terminal.gestures import at
from tests.gui.terminal.real_hands import RealHands

from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen


@pytest.fixture
def hands(qtbot: QtBot, console: TerminalWidget) -> Iterator[RealHands]:
    """Someone at the mouse and the keyboard of the X server."""
    for program in ("xdotool", "xclip", "setxkbmap"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not is_ours():
        pytest.skip("somebody's pointer and clipboard would be used")
    # The window of the test before is deleted after this one has the focus, and takes it from
    # the input method.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    console.clearFocus()
    console.setFocus()
    hands = RealHands(qtbot, console)
    yield hands
    hands.close()


def clipboard() -> QClipboard:
    board = QGuiApplication.clipboard()
    assert board is not None
    return board


def has_html(board: QClipboard) -> bool:
    offered = board.mimeData()
    return offered is not None and offered.hasHtml()


def answer(qtbot: QtBot, console: TerminalWidget, hands: RealHands, chord: str) -> None:
    """Answers the question; here is no window manager to give the focus back after it."""
    qtbot.waitUntil(lambda: any(box.isActiveWindow() for box in console.findChildren(QMessageBox)))
    hands.keys(chord)
    qtbot.waitUntil(lambda: not console.findChildren(QMessageBox))
    console.activateWindow()
    qtbot.waitUntil(console.hasFocus)


def test_what_a_real_mouse_selects_another_program_pastes_also_with_its_colours(
    qtbot: QtBot, console: TerminalWidget, hands: RealHands
) -> None:
    console.feed("\x1b[31mgröße\x1b[m 漢字🙂 next".encode())
    hands.drag(at(console, 0, 0), at(console, 0, 9.8))
    qtbot.waitUntil(lambda: console.selected_text() == "größe 漢字")
    assert hands.taken("primary") == "größe 漢字"
    hands.keys("ctrl+shift+c")
    qtbot.waitUntil(lambda: clipboard().text() == "größe 漢字")
    assert hands.taken("clipboard") == "größe 漢字"
    hands.keys("Menu", "o")
    qtbot.waitUntil(lambda: has_html(clipboard()))
    document = html.unescape(hands.taken("clipboard", "text/html"))
    assert re.search(r'<span style="color: #.{6};">größe</span> 漢字', document)
    assert hands.taken("clipboard") == "größe 漢字"


def test_t3_t9_what_another_program_copied_is_pasted_by_keys_and_by_the_middle_button(
    qtbot: QtBot, console: TerminalWidget, hands: RealHands, typed: list[bytes]
) -> None:
    hands.offer("primary 🙂", "primary")
    hands.offer("one\ntwo\x1b[201~\n", "clipboard")
    hands.click(at(console, 3, 3), 2)
    qtbot.waitUntil(lambda: typed == ["primary 🙂".encode()])

    hands.keys("ctrl+shift+v")
    answer(qtbot, console, hands, "Escape")
    assert len(typed) == 1
    hands.keys("shift+Insert")
    answer(qtbot, console, hands, "alt+p")
    qtbot.waitUntil(lambda: typed[1:] == [b"one\rtwo[201~\r"])
    console.feed(b"\x1b[?2004h")
    hands.keys("ctrl+shift+v")
    qtbot.waitUntil(lambda: typed[2:] == [b"\x1b[200~one\rtwo[201~\r\x1b[201~"])

    console.feed(b"\x1b]52;c;aGlz\x07")
    assert hands.taken("clipboard") == "one\ntwo\x1b[201~\n"
    console.set_copying_allowed(True)
    console.feed(b"\x1b]52;c;aGlz\x07")
    assert hands.taken("clipboard") == "his"


def test_a_dead_key_and_a_letter_are_one_character_and_escape_leaves_nothing_of_it(
    qtbot: QtBot, console: TerminalWidget, hands: RealHands, typed: list[bytes]
) -> None:
    with hands.layout("us", "-variant", "intl"):
        hands.keys("dead_acute", "e", "dead_diaeresis", "Escape", "u", "x")
        qtbot.waitUntil(lambda: typed[-1:] == [b"x"])
    assert typed == ["é".encode(), b"\x1b", b"u", b"x"]
