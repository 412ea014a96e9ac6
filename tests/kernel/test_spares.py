"""Monitors that wait for the next starts: how many there are, and what becomes of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, Definition
from tests.kernel.conftest import instance_of

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.model import State
from cloche_engine.core.engine import LocalEngine
from cloche_engine.host.cgroups import tree as cgroups
from cloche_engine.monitor.protocol import SPARE, group_name

pytestmark = pytest.mark.kernel
SPARES = 3


@pytest.fixture
async def pooled(tmp_path: Path) -> AsyncIterator[LocalEngine]:
    """An engine that keeps several spares, and has them."""
    state = tmp_path / "state"
    engine = await LocalEngine.open(state, state / "run", instance_of(tmp_path), SPARES)
    engine.warm_up_soon()
    await until_waiting(state / "run", SPARES)
    yield engine
    for container in await engine.containers():
        if container.state.can_kill:
            await engine.kill(container.uuid)
    await engine.close()


def waiting(runtimes: Path) -> set[Path]:
    """The folders of the monitors that are ready: their init is there."""
    return {path.parent for path in runtimes.glob(f"{SPARE}*/init.json")}


async def until_waiting(runtimes: Path, count: int) -> None:
    async with asyncio.timeout(20):
        while len(waiting(runtimes)) != count:  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)


async def test_starts_at_once_take_the_spares_and_others_are_made(
    pooled: LocalEngine, root: Path, tmp_path: Path
) -> None:
    runtimes = tmp_path / "state/run"
    before = waiting(runtimes)
    texts = [Definition(name=f"box{n}", root=root).text() for n in range(SPARES + 2)]
    boxes = [Box(pooled, await pooled.define(text)) for text in texts]
    started = await asyncio.gather(*(box.start() for box in boxes))
    assert {container.state for container in started} == {State.RUNNING}
    assert len({container.pid for container in started}) == len(boxes)
    await until_waiting(runtimes, SPARES)
    assert not waiting(runtimes) & before


async def test_a_closed_engine_has_no_spares(pooled: LocalEngine, tmp_path: Path) -> None:
    runtimes, parent = tmp_path / "state/run", f"cloche/{instance_of(tmp_path)}"
    hierarchies = cgroups.detect().hierarchies
    names = [group_name(parent, folder.name) for folder in waiting(runtimes)]
    assert len(names) == SPARES
    assert all((tree.path / name).is_dir() for tree in hierarchies for name in names)
    await pooled.close()
    assert not list(runtimes.glob(f"{SPARE}*"))
    assert not any((tree.path / parent).exists() for tree in hierarchies)


LATENCY = Path("/dev/cpu_dma_latency")


@pytest.mark.skipif(not LATENCY.exists(), reason="this kernel takes no such request")
async def test_no_processor_sleeps_while_a_container_starts(box: Box) -> None:
    """Asked where the start is told of; a busy machine may tell of it later than 30 ms."""
    seen: list[int] = []

    def look(change: object) -> None:
        if getattr(change, "state", None) is State.STARTING:
            seen.append(int.from_bytes(LATENCY.read_bytes()[:4], "little"))

    forget = box.engine.subscribe(look)
    while 0 not in seen and len(seen) < 20:
        await box.engine.kill(box.uuid)
        await box.start()
    forget()
    assert 0 in seen


async def test_a_plan_that_does_not_reach_its_monitor_leaves_no_folder(
    define: Define, root: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    """A send buffer of some KiB (socket(7)) takes no packet of this size: EMSGSIZE."""
    box = await define(root=root, program=("/bin/sh", "-c", f"read line # {'x' * 20000}"))
    await engine.warm_up()
    (spare,) = engine._spawner._ready
    spare.link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    with pytest.raises(StartFailedError, match="Message too long"):
        await box.start()
    assert not (tmp_path / "state/run" / box.uuid).exists()
    assert not spare.folder.exists()
    assert (await box.start()).pid
