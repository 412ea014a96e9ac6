"""Processor time of the helper while somebody watches samples of 100 containers, one a second.

From /proc/PID/stat of the helper, over some seconds with a watch and as many without one, in
percent of one processor: reading the files, the bus's message and sending it are all in it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tests.bench import figures, private, roots

from cloche_engine.api.client import Engine
from cloche_engine.api.model import Samples

CONTAINERS = 100
_SECONDS = 10
_WATCHED, _IDLE = "100 containers, one sample a second", "nobody watches"
_TICKS = os.sysconf("SC_CLK_TCK")


def measure() -> figures.Report:
    """The helper with and without a watch."""
    with private.folder() as folder:
        root = roots.make_root(folder / "root", fifo=False)
        found = asyncio.run(_measure(folder, root))
    return figures.Report(found, notes=("the goal is 2 % of a processor",))


async def _measure(folder: Path, root: Path) -> tuple[figures.Figure, ...]:
    async with private.private_engine(folder / "state") as engine:
        for number in range(CONTAINERS):
            name = f"bench-samples-{number}"
            await engine.define(private.document(name, root))
            await engine.start(name)
        figures.settle()
        helper = private.helper_pid(folder / "state")
        idle = await _share(helper)
        watched = await _share_watched(engine, helper)
    return (
        figures.Figure("samples", _WATCHED, "%", (watched,)),
        figures.Figure("samples", _IDLE, "%", (idle,)),
    )


async def _share_watched(engine: Engine, helper: int) -> float:
    heard: list[Samples] = []
    end = await engine.watch(heard.append, 1.0)
    share = await _share(helper)
    end()
    if len(heard) < _SECONDS - 1 or len(heard[-1]) != CONTAINERS:
        raise RuntimeError(f"{len(heard)} times samples of {len(heard[-1:])} containers came")
    return share


async def _share(pid: int) -> float:
    """Percent of a processor that a process takes."""
    before = _used(pid)
    await asyncio.sleep(_SECONDS)
    return (_used(pid) - before) / _TICKS / _SECONDS * 100


def _used(pid: int) -> int:
    """Clock ticks of a process (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
