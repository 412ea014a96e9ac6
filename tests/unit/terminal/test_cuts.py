"""However output is cut into pieces on its way, it gives the same screen and answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.guard import BLOCK

PIECES = [
    b"plain words ", b"\r\n", b"\n", b"\t", b"\b", "漢字".encode(), "e\u0301".encode(),
    "👩\u200d💻".encode(), "🇩🇪".encode(), b"\xff\xc3(", b"\x1b[1;31m", b"\x1b[38;2;1;2;3;48;5;99m",
    b"\x1b[4:3m", b"\x1b[0m", b"\x1b[7m", b"\x1b[3;7H", b"\x1b[2A", b"\x1b[K", b"\x1b[1J",
    b"\x1b[L", b"\x1b[2P", b"\x1b[3@", b"\x1b[2;4r", b"\x1bM", b"\x1b7", b"\x1b8",
    b"\x1b(0qx\x1b(B", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?7l", b"\x1b[?7h", b"\x1b[!p",
    b"\x1b[6n", b"\x1b[c", b"\x1b]2;title\x07", b"\x1b]8;;https://example.org\x1b\\",
    b"\x1b]8;;\x1b\\", b"\x1bP$qm\x1b\\", b"\x1b]11;?\x07", b"\x1b[?2026h", b"\x1b[?2026l",
    b"\x1b[3", b"\x1b", b"\x18", b"a\x1b[b",
]  # fmt: skip
OUTPUT = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


def shown(pieces: Iterator[bytes]) -> tuple[object, ...]:
    core = TerminalCore(6, 20)
    for piece in pieces:
        core.feed(piece)
        core.refresh()
    return list(core.screen), core.cursor, core.position, core.take_replies()


def cut(output: bytes, places: list[int]) -> Iterator[bytes]:
    ends = sorted({0, len(output), *(place % (len(output) + 1) for place in places)})
    return (output[start:end] for start, end in pairwise(ends))


@given(OUTPUT)
def test_byte_for_byte_is_the_same_as_at_once(output: bytes) -> None:
    assert shown(output[at : at + 1] for at in range(len(output))) == shown(iter([output]))


@given(OUTPUT, st.lists(st.integers(0, 1 << 16), max_size=12))
def test_cut_anywhere_is_the_same_as_at_once(output: bytes, places: list[int]) -> None:
    assert shown(cut(output, places)) == shown(iter([output]))


@given(OUTPUT.filter(bool), st.integers(0, 200))
def test_where_the_blocks_of_a_flood_end_does_not_show(output: bytes, before: int) -> None:
    lines = b"a line of the flood\r\n" * (2 * BLOCK // 21)
    flood = lines[: 2 * BLOCK - before] + output
    assert shown(cut(flood, [4095, 8190])) == shown(iter([flood]))
