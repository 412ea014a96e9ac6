"""What all use is a table that fits the terminal."""

from __future__ import annotations

import pytest

from cloche_engine.cli.stats import fitting

ROWS = [
    ("NAME", "CPU", "MEMORY", "PROCESSES", "READ/S", "OOM KILLS"),
    ("box", "1.0 % of 50 %", "3.0 MiB of 64.0 MiB", "1 of 64", "0.0 MiB", "0"),
]


@pytest.mark.parametrize(
    ("width", "last"),
    [(0, "OOM KILLS"), (200, "OOM KILLS"), (70, "READ/S"), (55, "PROCESSES"), (10, "PROCESSES")],
)
def test_a_narrow_terminal_has_the_columns_that_matter(width: int, last: str) -> None:
    lines = fitting(ROWS, width).splitlines()
    assert lines[0].endswith(last)
    assert len(lines) == 2
    assert width < 20 or max(map(len, lines)) <= width
