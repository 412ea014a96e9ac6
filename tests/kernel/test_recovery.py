"""Containers outlive the engine, and a dead monitor leaves nothing."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, left_in, read_until, type_in
from tests.kernel.conftest import instance_of

from cloche_engine.api.model import End, State
from cloche_engine.core.engine import LocalEngine
from cloche_engine.monitor.protocol import SPARE
from cloche_engine.monitor.record import start_time

pytestmark = pytest.mark.kernel


async def reopened(engine: LocalEngine, tmp_path: Path) -> LocalEngine:
    """A second engine over the folders of the first, as after a restart of the helper."""
    await engine.close()
    state = tmp_path / "state"
    return await LocalEngine.open(state, state / "run", instance_of(tmp_path))


async def test_a_container_goes_on_and_its_console_says_what_happened_in_between(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, around="<memory>65536</memory>")
    before = await box.start()
    link = await engine.open_console(box.uuid, 24, 80)
    await engine.close()
    type_in(link, "i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo in between $i; done\n")
    await read_until(link, "between 3\r\n")
    link.close()
    again = await reopened(engine, tmp_path)
    try:
        after = await again.container(box.uuid)
        assert (after.state, after.pid) == (State.RUNNING, before.pid)
        with await again.open_console(box.uuid, 24, 80) as console:
            assert "in between 3" in await read_until(console, "between 3\r\n")
        assert (await again.stats(box.uuid)).memory_limit_bytes == 65536 * 1024
        await again.pause(box.uuid)
    finally:
        third = await reopened(again, tmp_path)
    try:
        assert (await third.container(box.uuid)).state is State.PAUSED
        assert (await third.stop(box.uuid)).state is State.STOPPED
    finally:
        await third.close()


async def test_how_it_ended_while_nobody_looked_is_known(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "read line; echo got $line; exit 4"))
    pid = (await box.start()).pid or 0
    link = await engine.open_console(box.uuid, 24, 80)
    await engine.close()
    ended = os.pidfd_open(pid)
    type_in(link, "this\n")
    await read_until(link, "got this")
    await asyncio.to_thread(wait_for_end, ended)
    link.close()
    again = await reopened(engine, tmp_path)
    try:
        await await_file(tmp_path / "state/logs" / f"{box.uuid}.json")
        container = await again.container(box.uuid)
        if container.exit_code is None:
            container = await Box(again, container).until(lambda c: c.exit_code is not None)
        assert (container.state, container.exit_code) == (State.STOPPED, 4)
        assert b"got this" in await again.logs(box.uuid)
    finally:
        await again.close()


def wait_for_end(pidfd: int) -> None:
    select.select([pidfd], [], [], 20)
    os.close(pidfd)


async def monitor_of(box: Box, tmp_path: Path) -> int:
    """The process that watches over a container."""
    file = tmp_path / "state/run" / box.uuid / "init.json"
    await await_file(file)
    return int(json.loads(file.read_text())["monitor"])


async def await_file(file: Path) -> None:
    async with asyncio.timeout(20):
        while not file.exists():  # noqa: ASYNC110 (nobody tells of a file)
            await asyncio.sleep(0.005)


async def test_a_killed_monitor_takes_its_container_along_and_leaves_nothing(
    box: Box, root: Path, tmp_path: Path
) -> None:
    pid = (await box.now()).pid or 0
    os.kill(await monitor_of(box, tmp_path), signal.SIGKILL)
    container = await box.ended()
    assert container.state is State.FAILED
    assert "process that watched over it was killed" in container.error
    with pytest.raises((ProcessLookupError, FileNotFoundError)):
        start_time(pid)
    assert not (root / "proc").exists()
    assert left_in(tmp_path / "state/run") == ["trees.lock"]
    assert (await box.start()).state is State.RUNNING


async def test_a_program_that_ignores_the_hang_up_ends_with_its_monitor(
    define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "trap '' HUP TERM; echo on; sleep 600"))
    pid = (await box.start()).pid or 0
    os.kill(await monitor_of(box, tmp_path), signal.SIGKILL)
    assert (await box.ended()).state is State.FAILED
    with pytest.raises((ProcessLookupError, FileNotFoundError)):
        start_time(pid)
    assert left_in(tmp_path / "state/run") == ["trees.lock"]


async def test_a_killed_spawner_is_replaced(engine: LocalEngine, box: Box) -> None:
    process = engine._spawner._process
    assert process is not None
    process.kill()
    await engine.kill(box.uuid)
    await process.wait()
    assert (await box.start()).state is State.RUNNING


async def test_a_killed_spare_is_replaced_and_leaves_no_folder(
    engine: LocalEngine, box: Box, tmp_path: Path
) -> None:
    await engine.warm_up()
    (folder,) = (tmp_path / "state/run").glob(f"{SPARE}*")
    spare = int(json.loads((folder / "init.json").read_text())["monitor"])
    await engine.kill(box.uuid)
    ended = os.pidfd_open(spare)
    os.kill(spare, signal.SIGKILL)
    wait_for_end(ended)
    assert (await box.start()).state is State.RUNNING
    assert not folder.exists()


async def test_a_start_goes_on_where_the_caller_gives_up(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    box = await define(root=root)
    await engine.warm_up()
    starting = asyncio.ensure_future(box.start())
    await asyncio.sleep(0.001)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    assert (await box.until(lambda c: c.pid is not None)).state is State.RUNNING
    assert (await box.run("echo in it")).strip() == "in it"


async def test_what_a_dead_monitor_left_is_undone_by_the_next_engine(
    engine: LocalEngine, box: Box, root: Path, tmp_path: Path
) -> None:
    await engine.close()
    os.kill(await monitor_of(box, tmp_path), signal.SIGKILL)
    again = await reopened(engine, tmp_path)
    try:
        found = await again.container(box.uuid)
        assert (found.state, found.exit_code, found.ended) == (State.FAILED, None, End.LOST)
        assert "watched over it was killed" in found.error
        assert not (root / "proc").exists()
        assert (await again.start(box.uuid)).state is State.RUNNING
        await again.kill(box.uuid)
    finally:
        await again.close()


async def test_a_state_of_before_the_last_boot_is_known_for_what_it_is(
    engine: LocalEngine, box: Box, tmp_path: Path
) -> None:
    file = tmp_path / "state/run" / box.uuid / "state.json"
    old = json.loads(file.read_text())
    await engine.kill(box.uuid)
    await engine.close()
    old |= {"boot_id": "of before"}
    file.parent.mkdir()
    file.write_text(json.dumps(old))
    again = await reopened(engine, tmp_path)
    try:
        assert (await again.container(box.uuid)).state is State.STOPPED
        assert not file.parent.exists()
    finally:
        await again.close()
