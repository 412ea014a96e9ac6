"""Selecting text: what is copied is what was marked."""

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.marks import Unit
from cloche_gui.widgets.terminal.model import Point
from cloche_gui.widgets.terminal.selection import Selector

TEXT = b"hello world foo\r\nthe second line is a long one and wraps\r\nlast"


def selector(text: bytes = TEXT) -> tuple[TerminalCore, Selector]:
    core = TerminalCore(4, 20)
    core.feed(text)
    return core, Selector(core)


def drag(text: bytes, start: tuple[int, int, bool], end: tuple[int, int, bool]) -> str:
    _, chosen = selector(text)
    chosen.press(Point(*start[:2]), Unit.CHARACTER, right_half=start[2])
    chosen.drag(Point(*end[:2]), right_half=end[2])
    return chosen.text()


def test_a_drag_takes_the_characters_whose_middle_it_passed() -> None:
    assert drag(TEXT, (0, 1, False), (0, 8, True)) == "ello wor"
    assert drag(TEXT, (0, 1, True), (0, 8, False)) == "llo wo"


def test_a_drag_backwards_takes_the_same() -> None:
    assert drag(TEXT, (0, 8, True), (0, 1, False)) == "ello wor"


def test_a_drag_over_two_lines_has_a_newline_between_and_none_at_the_end() -> None:
    assert drag(b"one\r\ntwo\r\n", (0, 1, False), (2, 0, False)) == "ne\ntwo"


def test_a_click_selects_nothing() -> None:
    _, chosen = selector()
    chosen.press(Point(0, 3), Unit.CHARACTER, right_half=False)
    assert chosen.span is None
    assert chosen.text() == ""


def test_words_are_taken_whole_in_both_directions() -> None:
    _, chosen = selector()
    chosen.press(Point(0, 7), Unit.WORD, right_half=False)
    assert chosen.text() == "world"
    chosen.drag(Point(0, 13), right_half=False)
    assert chosen.text() == "world foo"
    chosen.drag(Point(0, 1), right_half=False)
    assert chosen.text() == "hello world"


def test_a_line_is_taken_with_all_that_was_wrapped() -> None:
    _, chosen = selector()
    chosen.press(Point(2, 7), Unit.LINE, right_half=False)
    assert chosen.text() == "the second line is a long one and wraps"


def test_a_selection_moves_with_its_text_and_survives_a_new_width() -> None:
    core, chosen = selector()
    chosen.press(Point(0, 7), Unit.WORD, right_half=False)
    core.feed(b"\r\n" * 30)
    assert chosen.text() == "world"
    core.resize(4, 50, (8, 16))
    assert chosen.text() == "world"


def test_shift_and_click_moves_the_end() -> None:
    _, chosen = selector()
    chosen.press(Point(0, 0), Unit.CHARACTER, right_half=False)
    chosen.drag(Point(0, 4), right_half=True)
    chosen.extend(Point(0, 10), right_half=True)
    assert chosen.text() == "hello world"


def test_wide_characters_are_copied_once() -> None:
    assert drag("漢字x".encode(), (0, 0, False), (0, 4, True)) == "漢字x"


def test_reset_forgets_the_selection() -> None:
    core, chosen = selector()
    chosen.press(Point(0, 7), Unit.WORD, right_half=False)
    core.reset()
    assert chosen.text() == ""


def test_a_word_whose_line_is_gone_is_not_selected() -> None:
    core, chosen = selector()
    chosen.press(Point(0, 7), Unit.WORD, right_half=False)
    core.feed(b"\x1b[3J\x1bc")
    chosen.drag(Point(0, 1), right_half=True)
    assert chosen.text() == ""
