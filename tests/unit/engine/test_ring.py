"""The ring: what is kept, what is forgotten and how much that was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.monitor.saying import say

from cloche_engine.monitor.modes import Modes
from cloche_engine.monitor.ring import HEAD, Ring

LINE = b"%06d what a container says\r\n"


def spoken(capacity: int, lines: int) -> Ring:
    ring = Ring(capacity, HEAD)
    for number in range(lines):
        say(ring, LINE % number)
    return ring


@given(st.lists(st.binary(max_size=3000), max_size=40), st.integers(4096, 9000))
def test_the_last_bytes_are_kept_and_every_byte_has_its_number(
    said: list[bytes], capacity: int
) -> None:
    ring, all_of_it = Ring(capacity), b"".join(said)
    for payload in said:
        say(ring, payload)
    assert ring.end == len(all_of_it)
    assert ring.end - ring.start >= min(capacity, len(all_of_it))
    assert ring.end - ring.start <= capacity + capacity // 4 + 2048
    assert ring.read(ring.start, len(all_of_it)) == all_of_it[ring.start :]


def test_what_is_kept_begins_with_a_whole_line() -> None:
    ring = spoken(8192, 5000)
    first = ring.read(ring.start, len(LINE % 0))
    assert first == LINE % int(first[:6])


def test_the_log_has_the_boot_the_end_and_how_much_is_missing_between() -> None:
    ring = spoken(64 * 1024, 50_000)
    said = b"".join(LINE % number for number in range(50_000))
    head, _, rest = ring.all().partition(b"\r\n[ ")
    lost, _, tail = rest.partition(b" bytes were not kept ]\r\n")
    assert said.startswith(head)
    assert head.startswith(LINE % 0)
    assert len(head) > 30_000
    assert said.endswith(tail)
    assert len(head) + int(lost) + len(tail) == len(said)
    assert len(ring.all()) < 64 * 1024 * 1.25 + 40_000


def test_a_flood_costs_no_more_memory_than_the_ring() -> None:
    ring = Ring(1000)
    for _ in range(1000):
        say(ring, b"x" * 999)
    assert ring.end == 999_000
    assert len(ring.all()) < 4000


def test_a_short_log_is_what_was_said() -> None:
    assert spoken(64 * 1024, 10).all() == b"".join(LINE % number for number in range(10))


def test_modes_outlive_the_bytes_that_set_them_and_a_reset_ends_them() -> None:
    ring = Ring(4096)
    say(ring, b"\x1b[?1049h\x1b[?1h" + b"x" * 10_000)
    say(ring, b"\x1b[?2004h")
    assert ring.lost_modes.sequences() == b"\x1b[?1049h\x1b[?1h"
    assert ring.modes.sequences() == b"\x1b[?1049h\x1b[?1h\x1b[?2004h"
    assert ring.modes.alternate_screen
    say(ring, b"\x1bc" + b"x" * 10_000)
    assert ring.modes.sequences() == b""


@given(st.binary(max_size=200))
def test_what_is_restored_is_made_of_known_modes_alone(output: bytes) -> None:
    modes = Modes().after(b"\x1b[?25l\x1b[?52;31337;1049h" + output)
    for sequence in modes.sequences().split(b"\x1b[?")[1:]:
        assert int(sequence[:-1]) in {
            1049,
            1047,
            47,
            1,
            5,
            7,
            25,
            2004,
            1015,
            1016,
            *range(1000, 1007),
        }
