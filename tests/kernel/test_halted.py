"""Processes of ours that somebody stops (SIGSTOP): the user is told, and nothing waits for ever."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, read_until
from tests.kernel.conftest import instance_of
from tests.kernel.test_holder import children

from cloche_engine.api.errors import EngineError, StartFailedError
from cloche_engine.api.model import ExecRequest, State
from cloche_engine.core import held_up
from cloche_engine.core.engine import LocalEngine
from cloche_engine.core.monitor_link import connect
from cloche_engine.monitor.protocol import SPARE, Do, send

pytestmark = pytest.mark.kernel

# Stops all but itself and the init, as fast as it can.
HALT_ALL = (
    "echo watching; while :; do for p in /proc/[0-9]*; do p=${p#/proc/}; "
    '[ "$p" = 1 ] || kill -STOP "$p"; done; done'
)
LIMIT = 20


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody shall wait a second for what is so already."""
    monkeypatch.setattr(held_up, "_LOOK", 0.05)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def monitor_in(folder: Path) -> int:
    return int(json.loads((folder / "init.json").read_text())["monitor"])


async def test_a_container_that_stops_whoever_enters_it_is_told_of_and_can_be_ended(
    define: Define, root: Path
) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", HALT_ALL))
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        await read_until(console, "watching")
    async with asyncio.timeout(LIMIT):
        with pytest.raises(StartFailedError, match=r"in the container stopped it .*SIGSTOP"):
            await enter_until_refused(box)
        assert (await box.engine.kill(box.uuid, signal.SIGKILL)).state is State.STOPPED


async def enter_until_refused(box: Box) -> None:
    """One that enters may be faster than they see it; nobody waits for what it does then."""
    request = ExecRequest(("true",), terminal=True, rows=24, columns=80)
    while True:
        (await box.engine.exec(box.uuid, request)).close()


async def test_who_asks_for_a_program_and_leaves_ends_the_program_and_not_the_container(
    box: Box, tmp_path: Path
) -> None:
    folder = tmp_path / "state/run" / box.uuid
    reading, writing = os.pipe()
    nothing, never = os.pipe()
    fields = {
        "do": Do.EXEC, "argv": ["sleep", "1000"], "environment": [], "directory": "", "user": "",
        "terminal": False, "rows": 0, "columns": 0,
    }  # fmt: skip
    with stopped(monitor_in(folder)), connect(folder) as link:
        send(link, fields, (nothing, writing, writing))
    for each in (writing, nothing, never):
        os.close(each)
    with os.fdopen(reading, "rb") as output:
        assert await asyncio.wait_for(asyncio.to_thread(output.read), LIMIT) == b""
    assert await box.run("echo in it") == "in it\n"


async def test_a_stopped_monitor_is_named_by_every_call_and_does_what_it_was_asked_later(
    box: Box, tmp_path: Path
) -> None:
    monitor = monitor_in(tmp_path / "state/run" / box.uuid)
    engine, told = box.engine, rf"process {monitor} \(cloche:box\).* is stopped \(SIGSTOP\)"
    with stopped(monitor):
        for call in (
            engine.stats(box.uuid), engine.logs(box.uuid), engine.open_console(box.uuid, 24, 80),
            box.run("true"), engine.kill(box.uuid, signal.SIGKILL),
        ):  # fmt: skip
            with pytest.raises(EngineError, match=told) as refused:
                await asyncio.wait_for(call, LIMIT)
            assert refused.value.hint == f"let it go on: kill -CONT {monitor}"
        assert (await box.now()).state is State.RUNNING
    assert (await box.ended()).state is State.STOPPED
    assert (await box.start()).state is State.RUNNING


async def test_a_helper_comes_up_beside_a_stopped_monitor(
    engine: LocalEngine, box: Box, tmp_path: Path
) -> None:
    before = await box.now()
    await engine.close()
    state = tmp_path / "state"
    with stopped(monitor_in(state / "run" / box.uuid)):
        opening = LocalEngine.open(state, state / "run", instance_of(tmp_path))
        again = await asyncio.wait_for(opening, LIMIT)
        after = await again.container(box.uuid)
        assert (after.state, after.pid) == (State.RUNNING, before.pid)
    assert (await again.kill(box.uuid)).state is State.STOPPED
    await again.close()


async def test_a_start_that_is_stopped_is_told_of_and_leaves_nothing(
    define: Define, root: Path, tmp_path: Path
) -> None:
    box, runs = await define(root=root), tmp_path / "state/run"
    for name in ("cloche-spare", "cloche-launcher", "cloche-init"):
        await box.engine.warm_up()
        spare, *_ = map(monitor_in, runs.glob(f"{SPARE}*"))
        (pid,) = children(spare, name) or [spare]
        with (
            stopped(pid),
            pytest.raises(EngineError, match=rf"box did not start: process {pid} \({name}\)"),
        ):
            await asyncio.wait_for(box.start(), LIMIT)
        assert not (runs / box.uuid).exists()
    assert (await box.start()).state is State.RUNNING


async def start_all(boxes: list[Box]) -> None:
    """The first may have a spare."""
    for box in boxes:
        await box.start()


async def test_a_stopped_spawner_is_named_and_does_not_hold_up_the_end_of_the_helper(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    await engine.warm_up()
    (spawner,) = children(os.getpid(), "cloche-spawner")
    boxes = [await define(name=f"box{number}", root=root) for number in range(3)]
    with (
        stopped(spawner),
        pytest.raises(EngineError, match=rf"process {spawner} \(cloche-spawner\)"),
    ):
        await asyncio.wait_for(start_all(boxes), LIMIT)
    assert (await boxes[-1].start()).state is State.RUNNING
    os.kill(spawner, signal.SIGSTOP)
    await asyncio.wait_for(engine.close(), LIMIT)
