"""When the next frame may follow: soon for an echo, seldom in a flood, however its pieces come."""

from __future__ import annotations

import pytest

from cloche_gui.widgets.terminal.pacing import Pace

QUIET, FLOODED = 0.004, 0.050
PIECE = 4096


def _frame(pace: Pace, pieces: int, cost: float = 0.002) -> None:
    for _ in range(pieces):
        pace.heard(PIECE)
    pace.begun()
    pace.ended(cost)


def test_an_echo_is_shown_after_four_milliseconds_at_most() -> None:
    pace = Pace()
    _frame(pace, 1)
    pace.heard(1)
    assert pace.interval == QUIET


def test_in_a_flood_the_first_piece_after_a_frame_does_not_hurry_the_next() -> None:
    pace = Pace()
    _frame(pace, 40)
    pace.heard(PIECE)
    assert pace.interval == FLOODED


def test_a_flood_that_slows_down_a_little_is_still_one() -> None:
    pace = Pace()
    _frame(pace, 40)
    _frame(pace, 9)
    assert pace.interval == FLOODED


def test_after_a_flood_an_echo_is_quick_again() -> None:
    pace = Pace()
    _frame(pace, 40)
    _frame(pace, 1)
    assert pace.interval == QUIET


@pytest.mark.parametrize(("cost", "interval"), [(0.002, 0.050), (0.020, 0.120), (0.5, 0.250)])
def test_in_a_flood_frames_leave_most_of_the_time_to_the_output(
    cost: float, interval: float
) -> None:
    pace = Pace()
    _frame(pace, 40, cost)
    assert pace.interval == pytest.approx(interval)
