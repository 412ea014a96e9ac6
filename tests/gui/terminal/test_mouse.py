"""Selecting, scrolling, and programs that want the mouse."""

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QClipboard, QContextMenuEvent, QGuiApplication
from PyQt6.QtWidgets import QApplication, QMenu, QScrollBar  # noqa: TID251 - it looks at them
from pytestqt.qtbot import QtBot
from tests.gui.terminal.gestures import (
    RIGHT,
    at,
    click,
    double_click,
    drag,
    move,
    press,
    release,
    tap,
    turn_wheel,
)

from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen
SHIFT = Qt.KeyboardModifier.ShiftModifier


def numbered(console: TerminalWidget, count: int = 100) -> None:
    console.feed("".join(f"line {number}\r\n" for number in range(count)).encode())
    console.screen_lines()


def test_a_drag_selects_and_fills_the_primary_selection(console: TerminalWidget) -> None:
    console.feed(b"hello world")
    drag(console, at(console, 0, 0), at(console, 0, 4.8))
    assert console.selected_text() == "hello"
    board = QGuiApplication.clipboard()
    assert board is not None
    assert board.text(QClipboard.Mode.Selection) == "hello"
    assert [console.cell(0, column).selected for column in (0, 4, 5)] == [True, True, False]


def test_a_click_takes_the_selection_away(console: TerminalWidget) -> None:
    console.feed(b"hello world")
    drag(console, at(console, 0, 0), at(console, 0, 4.8))
    click(console, at(console, 0, 8))
    assert console.selected_text() == ""
    assert not console.cell(0, 0).selected


def test_two_clicks_take_a_word_and_three_a_line(console: TerminalWidget) -> None:
    console.feed(b"first some-word last\r\nnext")
    place = at(console, 0, 8)
    press(console, place)
    release(console, place)
    double_click(console, place)
    assert console.selected_text() == "some-word"
    press(console, place)
    release(console, place)
    assert console.selected_text() == "first some-word last"


def test_a_drag_beyond_the_edge_scrolls(qtbot: QtBot, console: TerminalWidget) -> None:
    numbered(console)
    press(console, at(console, 5, 0))
    move(console, QPoint(20, -40))
    qtbot.waitUntil(lambda: console.screen_lines()[0] == "line 0")
    release(console, QPoint(20, -40))
    assert console.selected_text().startswith("line 0\nline 1\n")


def test_the_wheel_scrolls_and_typing_returns(console: TerminalWidget) -> None:
    numbered(console)
    assert console.screen_lines()[0] == "line 77"
    turn_wheel(console, 2)
    assert console.screen_lines()[0] == "line 71"
    turn_wheel(console, -1)
    assert console.screen_lines()[0] == "line 74"
    tap(console, Qt.Key.Key_A)
    assert console.screen_lines()[0] == "line 77"


@pytest.mark.parametrize("held", [SHIFT, SHIFT | Qt.KeyboardModifier.ControlModifier])
def test_page_keys_scroll(
    console: TerminalWidget, typed: list[bytes], held: Qt.KeyboardModifier
) -> None:
    numbered(console)
    tap(console, Qt.Key.Key_PageUp, held)
    assert console.screen_lines()[0] == "line 54"
    tap(console, Qt.Key.Key_PageDown, held)
    assert console.screen_lines()[0] == "line 77"
    assert typed == []


@pytest.mark.parametrize("held", [SHIFT, SHIFT | Qt.KeyboardModifier.ControlModifier])
def test_home_and_end_scroll_to_the_beginning_and_the_end(
    console: TerminalWidget, typed: list[bytes], held: Qt.KeyboardModifier
) -> None:
    numbered(console)
    tap(console, Qt.Key.Key_Home, held)
    assert console.screen_lines()[0] == "line 0"
    tap(console, Qt.Key.Key_End, held)
    assert console.screen_lines()[0] == "line 77"
    assert typed == []


def test_on_the_alternate_screen_shift_and_home_or_end_are_the_programs(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    numbered(console)
    console.feed(b"\x1b[?1049h")
    console.screen_lines()
    tap(console, Qt.Key.Key_Home, SHIFT)
    tap(console, Qt.Key.Key_End, SHIFT)
    assert typed == [b"\x1b[1;2H", b"\x1b[1;2F"]


def test_the_scroll_bar_shows_and_moves_the_view(qtbot: QtBot, console: TerminalWidget) -> None:
    numbered(console)
    bar = console.findChild(QScrollBar)
    assert bar is not None
    qtbot.waitUntil(lambda: (bar.maximum(), bar.value(), bar.pageStep()) == (77, 77, 24))
    bar.setValue(10)
    assert console.screen_lines()[0] == "line 10"
    console.feed(b"\x1b[?1049h")
    qtbot.waitUntil(lambda: bar.maximum() == 0)


def test_the_wheel_moves_the_cursor_of_a_full_screen_program(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    console.feed(b"\x1b[?1049h")
    turn_wheel(console, 1)
    console.feed(b"\x1b[?1h")
    turn_wheel(console, -1)
    console.feed(b"\x1b[?1007l")
    turn_wheel(console, -1)
    assert typed == [b"\x1b[A" * 3, b"\x1bOB" * 3]


def test_a_program_gets_clicks_and_the_wheel_when_it_asked(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    console.feed(b"\x1b[?1000h\x1b[?1006h")
    click(console, at(console, 2, 4))
    click(console, at(console, 0, 0), RIGHT)
    turn_wheel(console, 1)
    assert typed[:4] == [b"\x1b[<0;5;3M", b"\x1b[<0;5;3m", b"\x1b[<2;1;1M", b"\x1b[<2;1;1m"]
    assert typed[4].startswith(b"\x1b[<64;")
    assert console.selected_text() == ""


def test_a_program_gets_drags_once_per_cell(console: TerminalWidget, typed: list[bytes]) -> None:
    console.feed(b"\x1b[?1002h\x1b[?1006h")
    press(console, at(console, 0, 0))
    for column in (0.2, 0.6, 1.0, 1.3, 1.6, 2.0):
        move(console, at(console, 0, column))
    release(console, at(console, 0, 2))
    moves = [b"\x1b[<32;1;1M", b"\x1b[<32;2;1M", b"\x1b[<32;3;1M"]
    assert typed == [b"\x1b[<0;1;1M", *moves, b"\x1b[<0;3;1m"]


def test_shift_takes_the_mouse_back_from_the_program(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    console.feed(b"\x1b[?1000h\x1b[?1006hhello")
    drag(console, at(console, 0, 0), at(console, 0, 4.8), SHIFT)
    assert console.selected_text() == "hello"
    assert typed == []


def open_menu(console: TerminalWidget) -> dict[str, bool]:
    place = at(console, 0, 0)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, console.mapToGlobal(place))
    QApplication.sendEvent(console, event)
    return {
        action.text().split("\t")[0].replace("&", ""): action.isEnabled()
        for menu in console.findChildren(QMenu)
        for action in menu.actions()
    }


def test_the_context_menu_copies_pastes_and_resets(console: TerminalWidget) -> None:
    console.feed(b"hello")
    shown = open_menu(console)
    assert (shown["Copy"], shown["Paste"], shown["Reset"]) == (False, True, True)
    menu = console.findChild(QMenu)
    assert menu is not None
    next(action for action in menu.actions() if action.text() == "&Reset").trigger()
    assert console.screen_lines()[0] == ""
    menu.close()


def test_the_menu_follows_selection_and_read_only(console: TerminalWidget) -> None:
    console.feed(b"hello")
    drag(console, at(console, 0, 0), at(console, 0, 4.8))
    console.set_read_only(True)
    shown = open_menu(console)
    assert (shown["Copy"], shown["Paste"], shown["Reset"]) == (True, False, True)


def test_the_right_button_is_the_programs_while_it_tracks_the_mouse(
    console: TerminalWidget,
) -> None:
    console.feed(b"\x1b[?1000h")
    assert open_menu(console) == {}
