"""The terminal without a display."""

import pytest

from cloche_gui.widgets.terminal.core import Mode, TerminalCore
from cloche_gui.widgets.terminal.model import CursorShape, Style, Underline
from cloche_gui.widgets.terminal.theme import DARK, LIGHT, mix


def fed(data: str | bytes, rows: int = 6, columns: int = 20) -> TerminalCore:
    core = TerminalCore(rows, columns)
    core.feed(data.encode() if isinstance(data, str) else data)
    core.refresh()
    return core


def lines(core: TerminalCore) -> list[str]:
    core.refresh()
    return [row.text for row in core.screen]


def style(core: TerminalCore, column: int = 0, row: int = 0) -> Style:
    return core.screen[row].style_at(column)


def test_text_appears_where_the_cursor_was() -> None:
    core = fed("hello\r\nwörld\x1b[4;3Hx")
    assert lines(core)[:4] == ["hello", "wörld", "", "  x"]


def test_only_changed_rows_are_read_again() -> None:
    core = fed("one\r\ntwo\r\nthree")
    assert core.refresh() == set()
    core.feed(b"\x1b[2;1HX")
    assert 1 in core.refresh()
    assert core.screen[1].text == "Xwo"
    core.feed(b"\x1b[2;1HY")
    assert core.refresh() == {1}


@pytest.mark.parametrize(
    ("sgr", "expected"),
    [
        ("31", DARK.palette[1]),
        ("97", DARK.palette[15]),
        ("38;5;123", 0x87FFFF),
        ("38;5;232", 0x080808),
        ("38;2;1;2;3", 0x010203),
        ("38:2::1:2:3", 0x010203),
    ],
)
def test_foreground_colours(sgr: str, expected: int) -> None:
    assert style(fed(f"\x1b[{sgr}mX")).foreground == expected


@pytest.mark.parametrize("erase", ["X", "\x1b[K", "\x1b[2K"])
def test_background_colours_also_of_erased_cells(erase: str) -> None:
    for sgr, expected in (("44", DARK.palette[4]), ("48;2;9;8;7", 0x090807)):
        assert style(fed(f"\x1b[{sgr}m{erase}")).background == expected


def test_attributes() -> None:
    shown = style(fed("\x1b[1;3;4;9;53mX"))
    assert (shown.bold, shown.italic, shown.strike, shown.overline) == (True, True, True, True)
    assert shown.underline is Underline.SINGLE
    assert style(fed("\x1b[8mX")).invisible
    curly = style(fed("\x1b[4:3;58;2;255;0;0mX"))
    assert (curly.underline, curly.underline_color) == (Underline.CURLY, 0xFF0000)


def test_reverse_swaps_and_faint_fades() -> None:
    reverse = style(fed("\x1b[7mX"))
    assert (reverse.foreground, reverse.background) == (DARK.background, DARK.foreground)
    assert style(fed("\x1b[2mX")).foreground == mix(DARK.foreground, DARK.background, 0.55)


def test_reverse_video_turns_the_whole_screen() -> None:
    core = fed("\x1b[?5hX")
    assert style(core).background == DARK.foreground
    assert style(core, row=3).background == DARK.foreground


def test_wide_and_combining_characters_take_the_cells_they_should() -> None:
    row = fed("漢e\u0301🙂x").screen[0]
    assert list(row.clusters[:7]) == ["漢", "", "e\u0301", "🙂", "", "x", " "]
    assert row.wide == {0, 3}
    assert row.text == "漢e\u0301🙂x"


def test_a_mountain_of_marks_shows_sixteen() -> None:
    core = fed("e" + "\u0301" * 100_000)
    assert len(core.screen[0].clusters[0]) <= 17


def test_styles_stand_beside_wide_characters() -> None:
    core = fed("\x1b[31m漢\x1b[0mx")
    assert style(core, 0).foreground == style(core, 1).foreground == DARK.palette[1]
    assert style(core, 2).foreground == DARK.foreground


def test_the_alternate_screen_comes_and_goes() -> None:
    core = fed("shell")
    core.feed(b"\x1b[?1049h\x1b[Heditor")
    assert (core.alternate_screen, lines(core)[0]) == (True, "editor")
    core.feed(b"\x1b[?1049l")
    assert (core.alternate_screen, lines(core)[0]) == (False, "shell")


def test_a_long_line_flows_anew_when_the_width_changes() -> None:
    core = fed("0123456789" * 3)
    assert lines(core)[:2] == ["01234567890123456789", "0123456789"]
    core.resize(6, 40, (8, 16))
    assert lines(core)[0] == "0123456789" * 3
    core.resize(6, 10, (8, 16))
    assert lines(core)[:3] == ["0123456789"] * 3


def test_scrolled_back_lines_stay_while_output_goes_on() -> None:
    core = fed("".join(f"line {number}\r\n" for number in range(50)))
    core.scroll_to(0)
    assert lines(core)[0] == "line 0"
    core.feed(b"more\r\n" * 5)
    assert lines(core)[0] == "line 0"
    core.scroll_by(3)
    assert lines(core)[0] == "line 3"
    core.scroll_by(-1)
    assert lines(core)[0] == "line 2"
    core.scroll_to_bottom()
    assert lines(core)[-2] == "more"
    total, offset, visible = core.position
    assert (total - offset, visible) == (6, 6)


def test_thousands_of_lines_are_kept() -> None:
    core = TerminalCore(24, 80)
    core.feed(b"".join(b"line %d\r\n" % number for number in range(8000)))
    core.scroll_to(0)
    assert lines(core)[0] == "line 0"


@pytest.mark.parametrize(
    ("sequence", "shape", "blinking"),
    [
        ("\x1b[2 q", CursorShape.BLOCK, False),
        ("\x1b[1 q", CursorShape.BLOCK, True),
        ("\x1b[4 q", CursorShape.UNDERLINE, False),
        ("\x1b[6 q", CursorShape.BAR, False),
    ],
)
def test_cursor_shapes(sequence: str, shape: CursorShape, *, blinking: bool) -> None:
    cursor = fed(f"ab{sequence}").cursor
    assert cursor is not None
    assert (cursor.row, cursor.column, cursor.shape, cursor.blinking) == (0, 2, shape, blinking)


def test_the_cursor_hides_and_stands_on_the_start_of_a_wide_character() -> None:
    assert fed("\x1b[?25l").cursor is None
    cursor = fed("漢\x1b[1;2H").cursor
    assert cursor is not None
    assert cursor.column == 0


def test_a_theme_changes_what_is_already_written() -> None:
    core = fed("\x1b[31mred\x1b[0m plain")
    core.set_theme(LIGHT)
    core.refresh()
    assert style(core).foreground == LIGHT.palette[1]
    assert style(core, 5).background == LIGHT.background


def test_a_program_can_change_colours_and_reset_undoes_it() -> None:
    core = fed("\x1b]11;#102030\x07\x1b]4;1;#405060\x07\x1b[31mX")
    assert (style(core).background, style(core).foreground) == (0x102030, 0x405060)
    core.reset()
    core.feed(b"\x1b[31mX")
    core.refresh()
    assert (style(core).background, style(core).foreground) == (DARK.background, DARK.palette[1])


def test_reset_leaves_a_new_terminal() -> None:
    core = fed("x\r\n" * 50 + "\x1b[?1049h\x1b[?2004h\x1b[?1000h\x1b]0;half a title")
    core.reset()
    core.feed(b"new")
    assert lines(core) == ["new", "", "", "", "", ""]
    assert not core.alternate_screen
    assert not core.mode(Mode.BRACKETED_PASTE)
    assert not core.tracks_mouse
    assert core.position.total == 6


def test_reset_also_undoes_an_erased_protection_that_blanks_output() -> None:
    core = fed("\x1b[1$}")
    core.reset()
    core.feed(b"seen")
    assert lines(core)[0] == "seen"


@pytest.mark.parametrize("before", [b"", b"\x1bc"])
def test_an_emoji_of_several_characters_is_one_sign_of_two_cells(before: bytes) -> None:
    core = TerminalCore(4, 40)
    core.feed(before + "👩\u200d💻🇩🇪👍🏽❤\ufe0f|".encode())
    core.refresh()
    assert list(core.screen[0].clusters[:9]) == [
        "👩\u200d💻", "", "🇩🇪", "", "👍🏽", "", "❤\ufe0f", "", "|",
    ]  # fmt: skip
