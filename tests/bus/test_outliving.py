"""Containers outlive their helper, however it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.bus import world
from tests.contract.viewer import Viewer

from cloche_engine.api.connect import connect
from cloche_engine.api.model import State

pytestmark = [pytest.mark.bus, pytest.mark.kernel]


@pytest.mark.parametrize("end", ["kill", "terminate"])
async def test_what_is_said_while_no_helper_runs_is_seen_later(tmp_path: Path, end: str) -> None:
    directory = tmp_path / "x"
    words = world.real_helper_words(directory)
    with world.helper(directory, words=words) as first:
        engine = await connect(first.target)
        await engine.define(world.shell("box"))
        before = await engine.start("box")
        viewer = Viewer(await engine.open_console("box", 24, 80))
        viewer.enter("echo be''fore\r")
        await viewer.until(b"before\r\n")
        getattr(first.process, end)()
        await asyncio.to_thread(first.process.wait, 10)
        await engine.close()
    viewer.enter("echo mean''while\r")
    await viewer.until(b"meanwhile\r\n")
    viewer.close()
    with world.helper(directory, words=words) as second:
        engine = await connect(second.target)
        after = await engine.container("box")
        assert (after.state, after.pid) == (State.RUNNING, before.pid)
        late = Viewer(await engine.open_console("box", 24, 80))
        await late.until(b"meanwhile\r\n")
        assert b"before\r\n" in late.said
        late.enter("exit 5\r")
        assert (await late.end()).code == 5
        late.close()
        await engine.close()


async def test_a_program_that_ends_while_no_helper_runs_leaves_its_status(tmp_path: Path) -> None:
    directory = tmp_path / "x"
    words = world.real_helper_words(directory)
    with world.helper(directory, words=words) as first:
        engine = await connect(first.target)
        await engine.define(world.shell("box"))
        await engine.start("box")
        viewer = Viewer(await engine.open_console("box", 24, 80))
        first.kill()
        await engine.close()
    viewer.enter("exit 9\r")
    assert (await viewer.end()).code == 9
    viewer.close()
    with world.helper(directory, words=words) as second:
        engine = await connect(second.target)
        stopped = await engine.container("box")
        assert (stopped.state, stopped.exit_code) == (State.STOPPED, 9)
        await engine.close()
