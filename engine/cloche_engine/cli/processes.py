"""`processes`: what runs in a container."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from cloche_engine.api.client import Engine
from cloche_engine.api.model import Process
from cloche_engine.cli import words

_HEAD = ("PID", "INSIDE", "USER", "STATE", "CPU", "MEMORY", "COMMAND")


async def processes(engine: Engine, options: argparse.Namespace) -> int:
    """Every process, with its pids on both sides."""
    found = await engine.processes(options.name)
    if options.json:
        words.print_json([asdict(process) for process in found])
    else:
        print(words.table([_HEAD, *map(_row, found)]))
    return 0


def _row(process: Process) -> tuple[str, ...]:
    escaped = " (escaped: no limit holds it)" if process.escaped else ""
    return (
        str(process.pid),
        str(process.inside or "-"),
        process.user,
        process.state,
        f"{process.cpu_seconds:.2f} s",
        words.mebibytes(process.memory_bytes),
        process.command + escaped,
    )
