"""What containers use: all of one, as its monitor says, and samples of everything that runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import operator
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.api.client import checked_interval
from cloche_engine.api.model import Sample, Samples, Stats
from cloche_engine.core.entry import Entry, Running
from cloche_engine.core.registry import Registry
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.host.cgroups.usage import Meter
from cloche_engine.monitor.protocol import INIT, Fields

_BREATH = 32
"""Containers that are looked at before others get their turn."""
_FILES, _OTHERS = 12, 512
"""Files that are kept open for each container, and what the helper needs besides."""


def stats_of(usage: Fields) -> Stats:
    """The answer of a monitor."""
    return Stats(
        cpu_usec=usage["cpu_usec"],
        memory_bytes=usage["memory"],
        memory_peak_bytes=usage["memory_peak"],
        memory_limit_bytes=usage["memory_limit"] or None,
        processes=usage["processes"],
        cpu_shares=usage["cpu_shares"] or None,
        cpu_quota_usec=usage["cpu_quota"] or None,
        cpu_period_usec=usage["cpu_period"] or None,
        cpus=usage["cpus"] or None,
        mems=usage["mems"] or None,
        throttled_usec=usage["throttled_usec"],
        throttled_periods=usage["throttled_periods"],
        memory_soft_bytes=usage["memory_soft"] or None,
        memory_swap_limit_bytes=usage["memory_swap_limit"] or None,
        processes_limit=usage["processes_limit"] or None,
        io_weight=usage["io_weight"] or None,
        read_bytes=usage["read_bytes"],
        written_bytes=usage["written_bytes"],
        oom_kills=usage["oom_kills"],
        cpu_pressure=usage["cpu_pressure"],
        memory_pressure=usage["memory_pressure"],
        io_pressure=usage["io_pressure"],
        notices=tuple(usage["rounded"]),
    )


@dataclass(slots=True)
class _Measured:
    """The open files of one run of a container."""

    running: Running
    meter: Meter


class Sampler:
    """Reads the control groups of all that runs, for as long as somebody watches.

    It reads them itself: to ask the monitors would wake a process for each container and second.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._layout = detect()
        self._measured: dict[str, _Measured] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._keeping = 0

    def watch(self, listener: Callable[[Samples], None], interval: float) -> Callable[[], None]:
        """Call `listener` with samples, the first ones soon; the function returned ends that."""
        task = asyncio.ensure_future(self._tell(listener, checked_interval(interval)))
        if not self._watches:
            self._keeping = (_allowed_files() - _OTHERS) // _FILES
        self._watches.add(task)
        task.add_done_callback(self._ended)

        def end() -> None:
            task.cancel()

        return end

    def close(self) -> None:
        """End every watch."""
        for task in list(self._watches):
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._watches.discard(task)
        if not self._watches:
            self._forget(set(self._measured))

    async def _tell(self, listener: Callable[[Samples], None], interval: float) -> None:
        due = time.monotonic()
        while True:
            listener(await self._take())
            due = max(due + interval, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _take(self) -> Samples:
        found = []
        live = [entry for entry in self._registry.all() if entry.running is not None]
        self._forget(self._measured.keys() - {entry.uuid for entry in live})
        for number, entry in enumerate(live, 1):
            meter = self._meter(entry)
            if meter is not None:
                counts = meter.counts()
                if counts.processes or counts.memory:  # otherwise it has ended just now
                    found.append(Sample(entry.uuid, time.monotonic(), *_fields(counts)))
                if number > self._keeping:
                    meter.close()
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        return tuple(found)

    def _meter(self, entry: Entry) -> Meter | None:
        """None where it ended just now."""
        if entry.running is None:
            return None
        measured = self._measured.get(entry.uuid)
        if measured is None or measured.running is not entry.running:
            self._forget({entry.uuid} & self._measured.keys())
            group = _group_of(self._registry.places.runtime / entry.uuid)
            if not group:
                return None
            measured = _Measured(entry.running, Meter(Group(self._layout, group)))
            self._measured[entry.uuid] = measured
        return measured.meter

    def _forget(self, uuids: set[str]) -> None:
        for uuid in uuids:
            self._measured.pop(uuid).meter.close()


_fields = operator.attrgetter(
    "cpu_usec", "memory", "processes", "throttled_usec", "throttled_periods", "oom_kills",
    "read_bytes", "written_bytes", "cpu_pressure", "memory_pressure", "io_pressure",
)  # fmt: skip
"""What a sample has of the counts, in its order."""


def _group_of(runtime: Path) -> str:
    """The control group of a run; empty where it is over."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads((runtime / INIT).read_text())["group"])
    return ""


def _allowed_files() -> int:
    """As many as root may open; the programs of containers have limits of their own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if allowed == resource.RLIM_INFINITY else allowed
