"""Many containers: how a start feels beside 500, and what 1,000 cost.

The start is that of `start`, with the managed network. Memory is what the machine has less
available than before the first, all processes and the kernel's part included.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.bench import figures, private, roots
from tests.bench.rows import WIDE, start_all
from tests.bench.start import Cloche

from cloche_engine.api.client import Engine

BESIDE, MANY = 500, 1000
ROUNDS = 15
_IDLE_SECONDS = 5.0
_GOALS = "goals: 1.3 x the start beside none; 60 s, 2048 MiB and 2 % of one processor for 1,000"


def measure() -> figures.Report:
    """Milliseconds, seconds, MiB, percent of one processor."""
    with private.folder() as folder:
        root = roots.make_root(folder / "root", fifo=False)
        return asyncio.run(_measure(folder, root))


async def _measure(folder: Path, root: Path) -> figures.Report:
    async with private.private_engine(folder / "state") as engine:
        text = private.document("bench-beside", root, private.MANAGED)
        cloche = Cloche(engine, (await engine.define(text)).uuid)
        alone = await figures.interleave("scale", {"start beside none": cloche}, ROUNDS)
        before = _available()
        first = await _start(engine, root, range(BESIDE))
        beside = await figures.interleave("scale", {f"start beside {BESIDE}": cloche}, ROUNDS)
        seconds = first + await _start(engine, root, range(BESIDE, MANY))
        figures.settle()
        cost = (before - _available()) / 2**20
        idle = await _busy_percent()
    ratio = f"beside {BESIDE}: {beside[0].median / alone[0].median:.2f} x beside none"
    found = (
        figures.Figure("scale", f"{MANY} started", "s", (seconds,)),
        figures.Figure("scale", f"memory of {MANY}", "MiB", (cost,)),
        figures.Figure("scale", f"{MANY} idle", "%", (idle,)),
    )
    return figures.Report((*alone, *beside, *found), notes=(ratio, _GOALS))


async def _start(engine: Engine, root: Path, numbers: range) -> float:
    texts = [private.document(f"many-{number}", root) for number in numbers]
    uuids = [(await engine.define(text)).uuid for text in texts]
    return await start_all(engine, uuids, WIDE)


def _available() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) * 1024


async def _busy_percent() -> float:
    """What the machine's processors do while nobody wants anything, in percent of one."""
    before, started = _busy_seconds(), time.perf_counter()
    await asyncio.sleep(_IDLE_SECONDS)
    return 100 * (_busy_seconds() - before) / (time.perf_counter() - started)


def _busy_seconds() -> float:
    """Of all processors; the idle ones and those that wait for a disk left out."""
    user, nice, system, *_ = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return (int(user) + int(nice) + int(system)) / 100
