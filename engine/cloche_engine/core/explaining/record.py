"""What is kept of the last start of a container: its steps with times, and why it failed."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import StartReport, Step
from cloche_engine.monitor.protocol import Fields
from cloche_engine.monitor.record import write_whole

_CONSOLE = 4096
"""Bytes of the console's last words that a report has."""


@dataclass(slots=True)
class StartRecord:
    """A start as the helper and the monitor did it; times are those of the monotonic clock."""

    at: float = field(default_factory=time.time)
    begun: float = field(default_factory=time.monotonic)
    told: Fields = field(default_factory=dict)
    own: list[tuple[str, float, float]] = field(default_factory=list)
    trouble: EngineError | None = None

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of the helper's own; where it fails it is the one to blame."""
        begun = time.monotonic()
        try:
            yield
        except EngineError as error:
            error.details.setdefault("step", name)
            raise
        self.own.append((name, begun, time.monotonic()))

    def report(self) -> StartReport:
        """What others see of it, less the console."""
        outside = [*self.own, *(tuple(each) for each in self.told.get("outside", ()))]
        inside = [_read(line) for line in str(self.told.get("inside", "")).splitlines()]
        steps = [self._step(each, inside=False) for each in outside]
        steps += [self._step(each, inside=True) for each in inside]
        trouble = self.trouble
        return StartReport(
            at=self.at,
            steps=tuple(sorted(steps, key=lambda step: step.begun_ms)),
            error=trouble.message if trouble else "",
            hint=trouble.hint if trouble else "",
            details=tuple(trouble.details.items()) if trouble else (),
        )

    def _step(self, timed: tuple[str, float, float], *, inside: bool) -> Step:
        name, begun, ended = timed
        return Step(
            name, round((begun - self.begun) * 1000, 3), round((ended - begun) * 1000, 3), inside
        )


def _read(line: str) -> tuple[str, float, float]:
    begun, ended, name = line.split(" ", 2)
    return name, float(begun), float(ended)


def save_report(report: StartReport, file: Path) -> None:
    """Keep it for a helper to come."""
    write_whole(file, json.dumps({**asdict(report), "console": ""}).encode())


def load_report(file: Path) -> StartReport | None:
    """What an earlier helper kept; None where there is nothing of use."""
    try:
        fields: Fields = json.loads(file.read_text())
        fields["steps"] = tuple(Step(**step) for step in fields["steps"])
        fields["details"] = tuple((name, value) for name, value in fields["details"])
        return StartReport(**{**fields, "console": b""})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def last_lines(said: bytes) -> bytes:
    """The end of what was said, from the beginning of a line where that is near."""
    if len(said) <= _CONSOLE:
        return said
    return said[-_CONSOLE:].partition(b"\n")[2] or said[-_CONSOLE:]
