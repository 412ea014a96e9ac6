"""Samples of what runs: to those who watch, at their interval, until they have enough."""

from __future__ import annotations

import asyncio

import pytest
from tests.bus import world

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import InvalidArgumentError
from cloche_engine.api.model import Samples

SOON = 10


async def test_all_that_runs_is_sampled_and_what_stops_is_not(engine: Engine) -> None:
    heard: asyncio.Queue[Samples] = asyncio.Queue()
    for name in ("one", "two", "idle"):
        await engine.define(world.shell(name))
    for name in ("one", "two"):
        await engine.start(name)
    uuids = {(await engine.container(name)).uuid for name in ("one", "two")}
    end = await engine.watch(heard.put_nowait, 0.1)
    first = await asyncio.wait_for(heard.get(), SOON)
    assert {sample.uuid for sample in first} == uuids
    assert all(sample.processes >= 1 and sample.memory_bytes > 0 for sample in first)
    second = await asyncio.wait_for(heard.get(), SOON)
    for before, after in zip(first, second, strict=True):
        assert before.at < after.at
        assert before.cpu_usec <= after.cpu_usec
    await engine.kill("two")
    left = {(await engine.container("one")).uuid}
    async with asyncio.timeout(SOON):
        while {sample.uuid for sample in await heard.get()} != left:
            pass
    end()


async def test_a_container_that_starts_again_is_sampled_again(engine: Engine, running: str) -> None:
    heard: asyncio.Queue[Samples] = asyncio.Queue()
    end = await engine.watch(heard.put_nowait, 0.1)
    assert len(await asyncio.wait_for(heard.get(), SOON)) == 1
    await engine.restart(running, 0)
    while not heard.empty():
        heard.get_nowait()
    async with asyncio.timeout(SOON):
        while not (samples := await heard.get()):
            pass
    assert samples[0].processes >= 1
    end()


async def test_who_has_enough_is_told_no_more_and_others_are(engine: Engine, running: str) -> None:
    mine: asyncio.Queue[Samples] = asyncio.Queue()
    others: asyncio.Queue[Samples] = asyncio.Queue()
    end = await engine.watch(mine.put_nowait, 0.1)
    end_others = await engine.watch(others.put_nowait, 0.1)
    await asyncio.wait_for(mine.get(), SOON)
    end()
    await engine.stats(running)  # over a bus what was on its way is heard before this answer
    while not mine.empty():
        mine.get_nowait()
    while not others.empty():
        others.get_nowait()
    for _ in range(2):
        await asyncio.wait_for(others.get(), SOON)
    assert mine.empty()
    end_others()


@pytest.mark.parametrize("interval", [0.0, -1.0, 0.05, 4000.0, float("nan")])
async def test_an_interval_that_is_none_is_refused(engine: Engine, interval: float) -> None:
    with pytest.raises(InvalidArgumentError, match="interval") as refused:
        await engine.watch(lambda _: None, interval)
    assert refused.value.hint
