"""DECSTR: what a program leaves behind is gone, what is on the screen stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche_gui.widgets.terminal.core import Mode, TerminalCore
from cloche_gui.widgets.terminal.soft_reset import SoftResets

SOFT_RESET = b"\x1b[!p"
LEFT_BEHIND = {
    "insert mode": (b"\x1b[4h", b"\x1b[Habc\x1b[HX", ["Xbc"]),
    "margins above and below": (b"\x1b[2;3r", b"\x1b[3;1Ha\r\nb", ["", "", "a", "b"]),
    "margins left and right": (b"\x1b[?69h\x1b[3;5s", b"\x1b[Habcdef", ["abcdef"]),
    "origin mode": (b"\x1b[2;3r\x1b[?6h", b"\x1b[HX", ["X"]),
    "no wrapping": (b"\x1b[?7l", b"\x1b[1;9Habc", ["        ab", "c"]),
    "wrapping backwards": (b"\x1b[?45h", b"\x1b[H0123456789+\b\bX", ["0123456789", "X"]),
    "wrapping backwards for ever": (b"\x1b[?1045h", b"\x1b[2;1H\bX", ["", "X"]),
    "protected text": (b'\x1b[1"q', b"\x1b[HX\x1b[?2J", [""]),
    "guarded text": (b"\x1bV", b"\x1b[HX\x1b[2J", [""]),
    "line drawing": (b"\x1b(0", b"\x1b[Hqx", ["qx"]),
    "the second character set": (b"\x1b)0\x0e", b"\x1b[Hqx", ["qx"]),
    "text for the status line": (b"\x1b[1$}", b"\x1b[HX", ["X"]),
}


def shown(core: TerminalCore) -> list[str]:
    core.refresh()
    lines = [row.text for row in core.screen]
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def after(*output: bytes) -> TerminalCore:
    core = TerminalCore(6, 10)
    for part in output:
        core.feed(part)
    return core


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_a_soft_reset_ends(what: str) -> None:
    setting, output, expected = LEFT_BEHIND[what]
    assert shown(after(setting, output)) != expected, "the control: it has an effect"
    assert shown(after(setting, SOFT_RESET, output)) == expected


def test_a_soft_reset_ends_a_style() -> None:
    core = after(b"\x1b[1;4;31m", SOFT_RESET, b"X")
    core.refresh()
    style = core.screen[0].style_at(0)
    assert not style.bold
    assert not style.underline
    assert style.foreground == core.colors.foreground


@pytest.mark.parametrize(("reset", "is_default"), [(b"", False), (SOFT_RESET, True)])
def test_a_soft_reset_shows_the_cursor_and_takes_back_its_keys(
    reset: bytes, is_default: bool
) -> None:
    core = after(b"\x1b[?25l\x1b[?1h", reset)
    core.refresh()
    assert (core.cursor is not None) is is_default
    assert core.mode(Mode.APPLICATION_CURSOR) is not is_default


def test_a_soft_reset_moves_nothing_on_the_screen() -> None:
    assert shown(after(b"one\r\ntwo", SOFT_RESET, b"!")) == ["one", "two!"]


def test_a_soft_reset_forgets_the_saved_cursor() -> None:
    assert shown(after(b"\x1b[3;3H\x1b7", SOFT_RESET, b"\x1b8X")) == ["X"]


@pytest.mark.parametrize("cut", range(1, len(SOFT_RESET)))
def test_a_soft_reset_that_comes_in_two_reads_is_one(cut: int) -> None:
    core = after(b"\x1b[4h\x1b[Habc\x1b[H" + SOFT_RESET[:cut], SOFT_RESET[cut:] + b"X")
    assert shown(core) == ["Xbc"]


def test_the_last_soft_reset_of_a_storm_holds() -> None:
    storm = (b"\x1b[4h" + SOFT_RESET) * 2000
    assert shown(after(storm, b"\x1b[Habc\x1b[HX")) == ["Xbc"]


def test_a_storm_of_soft_resets_loses_no_text() -> None:
    text = b"012345678\r\nabcdefghi"
    assert shown(after(text.replace(b"", SOFT_RESET))) == ["012345678", "abcdefghi"]


@given(st.lists(st.sampled_from([b"\x1b", b"[", b"!", b"p", b"x", SOFT_RESET]), max_size=20))
def test_reads_make_no_difference(reads: list[bytes]) -> None:
    resets, found = SoftResets(), [b""]
    for read in reads:
        first, *more = resets.around(read)
        found[-1] += first
        found += more
    found[-1] += resets.around(b"$")[0]
    assert found == (b"".join(reads) + b"$").split(SOFT_RESET)
