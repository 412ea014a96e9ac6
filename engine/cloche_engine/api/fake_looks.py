"""How a container in memory looks from outside: its usage, its processes, its last start."""

from __future__ import annotations

import time

from cloche_engine.api.errors import EngineError
from cloche_engine.api.fake_store import Entry
from cloche_engine.api.model import Process, StartReport, Stats, Step
from cloche_engine.definition.spec import ContainerSpec


def stats_of(entry: Entry) -> Stats:
    """Usage as far as an engine in memory has any."""
    container = entry.container
    lived = time.time() - (container.started or time.time())
    limit = entry.spec.memory.max_kib
    return Stats(
        cpu_usec=int(lived * 12_000),
        memory_bytes=3 * 1024 * 1024,
        memory_peak_bytes=4 * 1024 * 1024,
        memory_limit_bytes=limit * 1024 if limit else None,
        processes=1 + sum(not program.ended for program in entry.others),
        cpu_shares=entry.spec.cpu.shares,
        cpu_quota_usec=entry.spec.cpu.quota_us,
        cpu_period_usec=entry.spec.cpu.period_us,
        cpus=entry.spec.cpu.cpuset,
        mems=entry.spec.cpu.mems,
        memory_soft_bytes=(entry.spec.memory.soft_kib or 0) * 1024 or None,
        memory_swap_limit_bytes=(entry.spec.memory.swap_kib or 0) * 1024 or None,
        processes_limit=entry.spec.processes,
        io_weight=entry.spec.io_weight,
    )


def processes_of(entry: Entry) -> list[Process]:
    """Its program, and what was run in it besides."""
    container = entry.container
    pid, started = container.pid or 0, container.started or 0.0
    commands = [entry.spec.program, *(each.argv for each in entry.others if not each.ended)]
    return [
        Process(pid + at, at + 1, "root", " ".join(argv), "S", 0.0, 1 << 20, started)
        for at, argv in enumerate(commands)
    ]


def report_of(spec: ContainerSpec, error: EngineError | None) -> StartReport:
    """A start of this, with its failure if any; little is done in memory."""
    steps = [Step("compile the definition", 0.0, 0.1)]
    if error is None:
        steps.append(Step(f"execute {spec.program[0]}", 0.1, 0.1, inside=True))
    return StartReport(
        time.time(), tuple(steps), error.message if error else "", error.hint if error else "",
        tuple(error.details.items()) if error else (),
    )  # fmt: skip
