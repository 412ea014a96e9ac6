"""Many containers: how a start feels beside 500, and what 1,000 cost.

The start is that of `start`, with the managed network. Memory is what the machine has less
available than before the first, all processes and the kernel's part included. Idle is what the
helper and all below it take; what else the machine does is not ours.

Beside 500 a start takes no more processor time than beside none, by samples of every stack, but for
pivot_root(2), which looks at each process of the machine: 0.8 ms instead of 0.1. It took 13.1 ms
instead of 11.8 then; since then it is done ahead. What grows beside it is the work of a kernel that
watches the pages of all processes (DAMON): the monitors share most of theirs, and it goes through
all who have one.

Of the 1.8 MiB of each, 1 is its monitor's own and 0.05 its busybox's; 0.14 are page tables, two
thirds of them the monitor's, 0.03 kernel stacks, 0.16 its network namespace, most of that tables of
settings, 0.04 control groups. Each memory group has a KiB for every 64 filesystems that the machine
ever had at once, so eight filesystems in each of 1,000 containers cost 0.12 (alloc_shrinker_info in
mm/shrinker.c): one less, since masked directories share theirs, is 16 MiB less.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from tests.bench import figures, private, roots, start
from tests.bench.rows import WIDE, start_all

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
    async with start.with_network(folder, "bench-beside", root) as (engine, cloche):
        alone = await figures.interleave("scale", {"start beside none": cloche}, ROUNDS)
        before = _available()
        first = await _start(engine, root, range(BESIDE))
        beside = await figures.interleave("scale", {f"start beside {BESIDE}": cloche}, ROUNDS)
        seconds = first + await _start(engine, root, range(BESIDE, MANY))
        figures.settle()
        cost = (before - _available()) / 2**20
        idle = await _busy_percent(private.helper_pid(folder / "state"))
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


async def _busy_percent(helper: int) -> float:
    """What the helper and all below it take while nobody wants anything, in percent of one."""
    before, started = _ticks_below(helper), time.perf_counter()
    await asyncio.sleep(_IDLE_SECONDS)
    taken = (_ticks_below(helper) - before) / os.sysconf("SC_CLK_TCK")
    return 100 * taken / (time.perf_counter() - started)


def _ticks_below(pid: int) -> int:
    """Clock ticks of a process and its descendants (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(fields[11]) + int(fields[12]) + sum(_ticks_below(int(each)) for each in children)
