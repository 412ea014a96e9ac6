"""Starts, failed starts and kills, again and again, leave everything as it was."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from tests.bench.cycles import counted, cycles
from tests.kernel.box import Define, left_in

from cloche_engine.core.engine import LocalEngine

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("own_network")]

CYCLES = 60
NETWORK = "<interface type='network'><source network='default'/></interface>"


def descriptors(pid: int) -> int:
    """How many descriptors a process has."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def settled(engine: LocalEngine, runtimes: Path) -> int:
    """Wait until there is one spare and nothing else; the pid of its parent, the spawner."""
    await engine.warm_up()
    async with asyncio.timeout(20):
        while not (found := list(runtimes.glob("spare-*/init.json"))):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    monitor = json.loads(found[0].read_text())["monitor"]
    return int(Path(f"/proc/{monitor}/stat").read_text().rpartition(") ")[2].split()[1])


async def test_sixty_cycles_with_failing_starts_leave_nothing(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    """What outlives the engine is seen by the check after every test; here, what it keeps."""
    runtimes = tmp_path / "state/run"
    sleeping = ("/bin/sleep", "1000")
    await define(name="good", root=root, inside=NETWORK, program=sleeping)
    await define(name="bad", root=root, inside=NETWORK, program=("/bin/missing",))
    await cycles(engine, 10)
    spawner = await settled(engine, runtimes)
    before = counted_here(spawner, root)
    await cycles(engine, CYCLES)
    assert await settled(engine, runtimes) == spawner
    await no_more_than(before, spawner, root)
    assert not [name for name in left_in(runtimes) if len(name) == 32]


async def no_more_than(before: dict[str, int], spawner: int, root: Path) -> None:
    """Wait until nothing is counted more often than before; what a spare still closes may go."""
    async with asyncio.timeout(20):
        while grown(before, counted_here(spawner, root)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def grown(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    """What there is more of now than before, and how much."""
    return {name: now[name] - before[name] for name in now if now[name] > before[name]}


def counted_here(spawner: int, root: Path) -> dict[str, int]:
    """Descriptors of the engine (this process) and of the spawner, files of the tree."""
    found = counted(os.getpid(), root)
    del found["pseudoterminals"], found["loop devices"]  # others on this machine have some too
    return found | {"descriptors of the spawner": descriptors(spawner)}
