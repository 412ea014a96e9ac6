"""Samples taken side by side, and how they are told: median, minimum, count, ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

Sample = Callable[[], float | Awaitable[float]]
"""Takes one measurement; it cleans up before it returns."""

_IDLE = 0.95
_LOOK = 0.1
_LONGEST_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One contender's samples in one unit."""

    benchmark: str
    name: str
    unit: str
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle of all samples."""
        return statistics.median(self.samples)

    @property
    def minimum(self) -> float:
        """The best sample."""
        return min(self.samples)


@dataclass(frozen=True, slots=True)
class Report:
    """What one benchmark found: its own figures first, then the peers', then what to know."""

    figures: tuple[Figure, ...]
    peers: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def ratios(self, figure: Figure) -> dict[str, float]:
        """The figure's median in terms of each peer's."""
        return {
            peer.name: figure.median / peer.median
            for peer in self.figures
            if peer.benchmark == figure.benchmark
            and peer.name in self.peers
            and figure.name not in self.peers
            and peer.median
        }

    def as_json(self) -> dict[str, object]:
        """One document for programs."""
        return {
            "figures": [
                {
                    "benchmark": figure.benchmark,
                    "name": figure.name,
                    "unit": figure.unit,
                    "median": round(figure.median, 3),
                    "minimum": round(figure.minimum, 3),
                    "count": len(figure.samples),
                    "ratios": {name: round(r, 3) for name, r in self.ratios(figure).items()},
                }
                for figure in self.figures
            ],
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """A table for people."""
        width = max((len(figure.name) for figure in self.figures), default=0)
        head = f"  {'':{width}}  {'median':>9} {'min':>9} {'n':>4}   ratio of medians"
        return [head, *(self._line(figure, width) for figure in self.figures), *self._notes()]

    def _line(self, figure: Figure, width: int) -> str:
        ratios = ", ".join(f"{value:.2f} x {name}" for name, value in self.ratios(figure).items())
        numbers = f"{figure.median:9.2f} {figure.minimum:9.2f} {len(figure.samples):4}"
        return f"  {figure.name:{width}}  {numbers} {figure.unit:2} {ratios}".rstrip()

    def _notes(self) -> list[str]:
        return [f"  note: {note}" for note in self.notes]


def _processor_times() -> tuple[int, int]:
    with open("/proc/stat", encoding="ascii") as stat:  # noqa: PTH123  # read often: no detour
        times = [int(field) for field in stat.readline().split()[1:9]]
    return times[3] + times[4], sum(times)


def settle() -> None:
    """Wait until the machine is idle: back to back, all contenders look faster than they are."""
    deadline = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < deadline:
        idle, total = _processor_times()
        time.sleep(_LOOK)
        later_idle, later_total = _processor_times()
        if later_idle - idle >= _IDLE * (later_total - total):
            return


async def interleave(
    benchmark: str, contenders: Mapping[str, Sample], rounds: int, unit: str = "ms"
) -> tuple[Figure, ...]:
    """Each contender in turn, `rounds` times after one that warms up, from an idle machine."""
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, take in contenders.items():
            settle()
            value = take()
            taken = value if isinstance(value, float) else await value
            if number:
                samples[name].append(taken)
    return tuple(Figure(benchmark, name, unit, tuple(s)) for name, s in samples.items())


def milliseconds(since: float) -> float:
    """Time since a reading of time.perf_counter()."""
    return (time.perf_counter() - since) * 1000
