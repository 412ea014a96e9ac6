"""Blocks, the keyboard, everything; and what a copy holds."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QClipboard, QGuiApplication
from tests.gui.terminal.gestures import at, drag, tap

from cloche_gui.widgets.terminal import rich_text
from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen
Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
TABLE = b"one   two   three\r\nfour  five  six\r\nseven eight nine"


def clipboard() -> QClipboard:
    board = QGuiApplication.clipboard()
    assert board is not None
    return board


def test_a_drag_with_alt_takes_a_block(console: TerminalWidget) -> None:
    console.feed(TABLE)
    drag(console, at(console, 0, 6), at(console, 2, 10.8), ALT)
    assert console.selected_text() == "two\nfive\neight"
    assert [console.cell(1, column).selected for column in (5, 6, 10, 11)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_block_drawn_from_below_on_the_right_is_the_same(console: TerminalWidget) -> None:
    console.feed(TABLE)
    drag(console, at(console, 2, 10.8), at(console, 0, 6), ALT)
    assert console.selected_text() == "two\nfive\neight"


def test_keys_select_and_enter_copies(console: TerminalWidget, typed: list[bytes]) -> None:
    console.feed(TABLE)
    console.screen_lines()
    clipboard().clear()
    tap(console, Key.Key_Space, CTRL | SHIFT)
    tap(console, Key.Key_Home)
    for _ in range(4):
        tap(console, Key.Key_Right, SHIFT)
    assert console.selected_text() == "seven"
    tap(console, Key.Key_Return)
    assert clipboard().text() == "seven"
    assert typed == []
    tap(console, Key.Key_Return)
    assert typed == [b"\r"]


def test_keys_select_by_line_word_and_block(console: TerminalWidget) -> None:
    console.feed(TABLE)
    console.screen_lines()
    tap(console, Key.Key_Space, CTRL | SHIFT)
    tap(console, Key.Key_Home)
    tap(console, Key.Key_Up, SHIFT)
    assert console.selected_text() == "four  five  six\ns"
    tap(console, Key.Key_Home, CTRL)
    tap(console, Key.Key_Right, CTRL | SHIFT)
    assert console.selected_text() == "one"
    tap(console, Key.Key_Down, ALT | SHIFT)
    assert console.selected_text() == "one\nfou"
    tap(console, Key.Key_Escape)
    assert console._caret.point is None


def test_the_caret_goes_into_the_scrollback_and_is_seen_there(console: TerminalWidget) -> None:
    console.feed("".join(f"line {number}\r\n" for number in range(100)).encode())
    console.screen_lines()
    tap(console, Key.Key_Space, CTRL | SHIFT)
    tap(console, Key.Key_Home, CTRL)
    assert console.screen_lines()[0] == "line 0"
    tap(console, Key.Key_End, CTRL | SHIFT)
    assert console.selected_text().startswith("line 0\nline 1\n")
    assert console.selected_text().endswith("line 99")


def test_all_is_the_scrollback_too(console: TerminalWidget) -> None:
    console.feed("".join(f"line {number}\r\n" for number in range(100)).encode())
    console.select_all()
    lines = console.selected_text().splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("line 0", "line 99", 100)


def test_a_copy_has_no_line_end_that_a_shell_would_take_for_enter(console: TerminalWidget) -> None:
    console.feed(b"ls -l\r\n\r\n\r\n")
    console.select_all()
    assert console.selected_text() == "ls -l"


def test_t10_hidden_text_is_not_copied(console: TerminalWidget) -> None:
    console.feed(b"echo hi\x1b[8m; rm -rf /\x1b[0m there")
    console.select_all()
    console._transfer.copy_html()
    assert console.selected_text() == "echo hi           there"
    assert "rm" not in clipboard().text()
    mime = clipboard().mimeData()
    assert mime is not None
    assert "rm" not in mime.html()


def test_t10_control_where_nothing_is_blanked_hidden_text_is_copied(
    monkeypatch: pytest.MonkeyPatch, console: TerminalWidget
) -> None:
    monkeypatch.setattr(rich_text, "_HIDDEN", "no such style")
    console.feed(b"echo hi\x1b[8m; rm -rf /\x1b[0m there")
    console.select_all()
    console._transfer.copy_html()
    assert "rm -rf" in console.selected_text()
    mime = clipboard().mimeData()
    assert mime is not None
    assert "rm -rf" in mime.text()
    assert "rm -rf" in mime.html()


def test_t10_overwritten_text_is_not_copied(console: TerminalWidget) -> None:
    console.feed(b"rm -rf /\recho ok \x1b[K")
    console.select_all()
    assert console.selected_text() == "echo ok"


def test_t10_control_text_that_still_stands_is_copied(console: TerminalWidget) -> None:
    console.feed(b"rm -rf /\r\necho ok \x1b[K")
    console.select_all()
    assert console.selected_text() == "rm -rf /\necho ok"


def test_a_copy_with_colours_keeps_them_for_other_programs(console: TerminalWidget) -> None:
    console.feed(b"\x1b[1;31mred\x1b[0m \x1b[7;38;2;1;2;3mswapped\x1b[0m <&>")
    console.select_all()
    console._transfer.copy_html()
    mime = clipboard().mimeData()
    assert mime is not None
    assert mime.text() == "red swapped <&>"
    html = mime.html()
    assert 'color: #f0716b;font-weight: bold;">red</span>' in html
    assert "background-color: rgb(1, 2, 3)" in html
    assert "&lt;&amp;&gt;" in html
    assert "var(" not in html
    assert "filter" not in html


def test_html_of_a_program_is_text_in_the_copy(console: TerminalWidget) -> None:
    console.feed(b'\x1b]8;;http://a/"><script>\x1b\\<script>alert(1)</script>\x1b]8;;\x1b\\')
    console.select_all()
    console._transfer.copy_html()
    mime = clipboard().mimeData()
    assert mime is not None
    assert "<script" not in mime.html()
    assert "<a " not in mime.html()
