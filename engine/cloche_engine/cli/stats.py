"""`stats`: what a container uses and may use, or all that run, once or again and again."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError, UnavailableError, WrongStateError
from cloche_engine.api.model import Change, Sample, Samples, Stats
from cloche_engine.cli import words

_CLEAR = "\x1b[H\x1b[2J"
_HEAD = ("NAME", "CPU", "MEMORY", "PROCESSES", "READ/S", "WRITTEN/S", "THROTTLED", "OOM KILLS")
_LEAST = 4
"""Columns that are shown however narrow the terminal is."""
_LIMITS = ("memory_limit_bytes", "processes_limit", "cpu_quota_usec", "cpu_period_usec")


async def stats(engine: Engine, options: argparse.Namespace) -> int:
    """Usage now, of one container or of all that run; followed until it is interrupted."""
    if options.name is None:
        return await _all(engine, options)
    container = await engine.container(options.name)
    usage = await engine.stats(container.uuid)
    if options.follow:
        return await _follow(engine, options, container.uuid)
    if options.json:
        words.print_json(asdict(usage))
    else:
        print(words.table(_facts(usage)))
    return 0


def _facts(usage: Stats) -> Iterator[tuple[str, str]]:
    """What there is to tell; limits that are not set are left out, but for the memory."""
    every = [
        ("processor time", f"{usage.cpu_usec / 1e6:.2f} s"),
        ("processor shares", "default" if usage.cpu_shares is None else str(usage.cpu_shares)),
        ("processor quota", _quota(usage)),
        ("processors", usage.cpus or ""),
        ("throttled", f"{usage.throttled_usec / 1e6:.2f} s in {usage.throttled_periods} periods"
         if usage.throttled_periods else ""),
        ("memory", words.mebibytes(usage.memory_bytes)),
        ("memory peak", words.mebibytes(usage.memory_peak_bytes)),
        ("memory limit", words.mebibytes(usage.memory_limit_bytes)),
        ("memory soft limit", _size(usage.memory_soft_bytes)),
        ("memory and swap limit", _size(usage.memory_swap_limit_bytes)),
        ("killed for want of memory", str(usage.oom_kills or "")),
        ("processes", str(usage.processes)),
        ("processes limit", str(usage.processes_limit or "")),
        ("read", words.mebibytes(usage.read_bytes)),
        ("written", words.mebibytes(usage.written_bytes)),
        ("disk weight", str(usage.io_weight or "")),
        ("waits for processor, memory, disk", _pressures(usage)),
        *(("note", notice) for notice in usage.notices),
    ]  # fmt: skip
    return ((name, value) for name, value in every if value)


def limits(usage: Stats) -> list[tuple[str, str]]:
    """What the kernel holds it to, without what it does not."""
    every = [
        ("memory limit", _size(usage.memory_limit_bytes)),
        ("memory and swap limit", _size(usage.memory_swap_limit_bytes)),
        ("processor quota", _quota(usage)),
        ("processes limit", str(usage.processes_limit or "")),
    ]
    return [(name, value) for name, value in every if value]


def _quota(usage: Stats) -> str:
    if not usage.cpu_quota_usec:
        return ""
    return f"{usage.cpu_quota_usec / 1000:g} ms in {(usage.cpu_period_usec or 0) / 1000:g} ms"


def _size(count: int | None) -> str:
    return "" if count is None else words.mebibytes(count)


def _pressures(usage: Stats | Sample) -> str:
    found = (usage.cpu_pressure, usage.memory_pressure, usage.io_pressure)
    return ", ".join(f"{each:.1f} %" for each in found)


async def _all(engine: Engine, options: argparse.Namespace) -> int:
    """A table; rates take two samples, so the first one comes after an interval."""
    before: dict[str, Sample] = {}
    limited = _Limited(engine)
    clear = _CLEAR if options.follow and sys.stdout.isatty() else ""
    async for samples in _watched(engine, options.interval):
        if options.json:
            words.print_json([await limited.document(sample) for sample in samples])
        elif before or not samples:
            print(clear + await _table(engine, samples, before, limited), flush=True)
        if not options.follow and (options.json or before or not samples):
            return 0
        before = {sample.uuid: sample for sample in samples}
        sys.stdout.flush()
    return 0


class _Limited:
    """What containers may use: asked once for each, and again when it changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, Stats | None] = {}
        self._changes = 0
        engine.subscribe(self._changed)

    def _changed(self, change: Change) -> None:
        self._changes += 1
        self._known.pop(change.uuid, None)

    async def of(self, uuid: str) -> Stats | None:
        """With its limits; None where it ended just now."""
        if uuid in self._known:
            return self._known[uuid]
        changes, found = self._changes, None
        with contextlib.suppress(EngineError):
            found = await self._engine.stats(uuid)
        if changes == self._changes:  # otherwise it may be old already
            self._known[uuid] = found
        return found

    async def document(self, sample: Sample) -> dict[str, object]:
        """A sample with the limits, as JSON."""
        found = await self.of(sample.uuid)
        return {**asdict(sample), **{name: getattr(found, name, None) for name in _LIMITS}}


async def _table(
    engine: Engine, samples: Samples, before: dict[str, Sample], limited: _Limited
) -> str:
    if not samples:
        return "No container runs."
    names = {container.uuid: container.name for container in await engine.containers()}
    known = [(names.get(one.uuid, one.uuid), one, before.get(one.uuid, one)) for one in samples]
    known.sort(key=lambda each: (-_cpu(each[1], each[2]), each[0]))
    rows = [_row(*each, await limited.of(each[1].uuid)) for each in known]
    seen = sys.stdout.isatty()
    return fitting([_HEAD, *rows], shutil.get_terminal_size().columns if seen else 0)


def fitting(rows: Sequence[tuple[str, ...]], width: int) -> str:
    """A table without its last columns where it is wider than that; 0 is no width."""
    text = words.table(rows)
    while width and len(rows[0]) > _LEAST and max(map(len, text.splitlines())) > width:
        rows = [row[:-1] for row in rows]
        text = words.table(rows)
    return text


def _row(name: str, now: Sample, then: Sample, limit: Stats | None = None) -> tuple[str, ...]:
    quota = memory = processes = ""
    if limit is not None:
        if limit.cpu_quota_usec and limit.cpu_period_usec:
            quota = f"{limit.cpu_quota_usec * 100 / limit.cpu_period_usec:g} %"
        memory, processes = _size(limit.memory_limit_bytes), str(limit.processes_limit or "")
    return (
        name, _of(f"{_cpu(now, then):.1f} %", quota),
        _of(words.mebibytes(now.memory_bytes), memory), _of(str(now.processes), processes),
        words.mebibytes(_rate(now, then, now.read_bytes - then.read_bytes)),
        words.mebibytes(_rate(now, then, now.written_bytes - then.written_bytes)),
        f"{_rate(now, then, now.throttled_usec - then.throttled_usec) / 1e4:.1f} %",
        str(now.oom_kills),
    )  # fmt: skip


def _of(used: str, limit: str) -> str:
    return f"{used} of {limit}" if limit else used


def _rate(now: Sample, then: Sample, count: int) -> int:
    """In a second; nothing where it was started anew, or where there is one sample alone."""
    return round(count / (now.at - then.at)) if now.at > then.at and count > 0 else 0


def _cpu(now: Sample, then: Sample) -> float:
    """Percent of one processor."""
    return _rate(now, then, now.cpu_usec - then.cpu_usec) / 1e4


async def _follow(engine: Engine, options: argparse.Namespace, uuid: str) -> int:
    """A line for each sample, until it ends."""
    before: Sample | None = None
    limited = _Limited(engine)
    async for samples in _watched(engine, options.interval):
        now = next((sample for sample in samples if sample.uuid == uuid), None)
        if now is None:
            raise WrongStateError("it does not run any more", "start it again")
        if options.json:
            words.print_json(await limited.document(now))
        else:
            print(_line(now, before or now, await limited.of(uuid)), flush=True)
        before = now
        sys.stdout.flush()
    return 0


def _line(now: Sample, then: Sample, limit: Stats | None) -> str:
    _, cpu, memory, processes, read, written, throttled, kills = _row("", now, then, limit)
    if processes == str(now.processes):
        processes = words.counted(now.processes, "process", "processes")
    else:
        processes = f"{processes} processes"
    return (
        f"cpu {cpu}, throttled {throttled}, memory {memory}, {processes}, "
        f"read {read}/s, written {written}/s, waits {_pressures(now)}, oom kills {kills}"
    )


async def _watched(engine: Engine, interval: float) -> AsyncIterator[Samples]:
    """Samples as they come; UnavailableError where the helper goes away."""
    waiting: asyncio.Queue[Samples | None] = asyncio.Queue()
    engine.on_lost(lambda: waiting.put_nowait(None))
    end = await engine.watch(waiting.put_nowait, interval)
    try:
        while True:
            samples = await waiting.get()
            if samples is None:
                raise UnavailableError("the helper went away", "try again")
            yield samples
    finally:
        end()
