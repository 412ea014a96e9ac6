"""A stop speaks the program's own language, ends in time, and goes on without the helper."""

from __future__ import annotations

import asyncio
import json
import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, read_until

from cloche_engine.api.errors import TimedOutError
from cloche_engine.api.hearing import handles_signal
from cloche_engine.api.model import State
from cloche_engine.core import lifecycle
from cloche_engine.core.engine import LocalEngine
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import Layout, detect

pytestmark = pytest.mark.kernel

FOR_EVER = "echo up; while :; do sleep 0.01; done"
LISTENS = f"trap 'exit 3' TERM; trap 'exit 7' USR1; trap 'exit 5' 37; {FOR_EVER}"
DEAF = f"trap : TERM; {FOR_EVER}"


async def started(define: Define, root: Path, line: str, inside: str = "") -> Box:
    box = await define(root=root, program=("/bin/sh", "-c", line), inside=inside)
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as link:
        await read_until(link, "up")
    return box


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("", 3),
        ("<stop signal='SIGUSR1'/>", 7),
        ("<stop signal='SIGRTMIN+3' grace='3600'/>", 5),
    ],
)
async def test_a_stop_sends_the_signal_that_the_definition_names(
    define: Define, root: Path, inside: str, code: int
) -> None:
    box = await started(define, root, LISTENS, inside)
    stopped = await box.engine.stop(box.uuid)
    assert (stopped.state, stopped.exit_code, stopped.error) == (State.STOPPED, code, "")


async def test_a_stop_kills_after_the_grace_of_the_definition(define: Define, root: Path) -> None:
    box = await started(define, root, DEAF, "<stop grace='1'/>")
    begun = time.monotonic()
    stopped = await box.engine.stop(box.uuid)
    assert time.monotonic() - begun >= 1
    assert (stopped.state, stopped.exit_code, stopped.error) == (State.STOPPED, 137, "")


async def test_a_grace_that_is_asked_for_counts_more(define: Define, root: Path) -> None:
    box = await started(define, root, DEAF, "<stop grace='3600'/>")
    assert (await box.engine.stop(box.uuid, 0)).exit_code == 137


async def test_a_paused_container_is_asked_as_well(define: Define, root: Path) -> None:
    box = await started(define, root, LISTENS)
    await box.engine.pause(box.uuid)
    assert (await box.engine.stop(box.uuid)).exit_code == 3


async def test_a_kill_ends_a_stop_that_waits(define: Define, root: Path) -> None:
    box = await started(define, root, DEAF, "<stop grace='3600'/>")
    stopping = asyncio.ensure_future(box.engine.stop(box.uuid))
    await box.until(lambda container: container.state is State.STOPPING)
    await box.engine.kill(box.uuid)
    assert (await stopping).exit_code == 137


async def test_a_stop_goes_on_when_the_helper_goes(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    box = await started(define, root, DEAF, "<stop grace='1'/>")
    ended = os.pidfd_open((await box.now()).pid or 0)
    stopping = asyncio.ensure_future(box.engine.stop(box.uuid))
    await box.until(lambda container: container.state is State.STOPPING)
    stopping.cancel()
    await engine.close()
    ready, _, _ = await asyncio.to_thread(select.select, [ended], [], [], 20)
    os.close(ended)
    assert ready


async def test_a_shutdown_of_the_computer_lets_it_end_by_itself_and_is_recorded(
    define: Define, root: Path, tmp_path: Path
) -> None:
    box = await started(define, root, LISTENS, "<stop signal='SIGUSR1'/>")
    init = tmp_path / "state/run" / box.uuid / "init.json"
    monitor = int(json.loads(init.read_text())["monitor"])
    await hears_the_end(monitor)
    os.kill(monitor, signal.SIGTERM)
    ended = await box.ended()
    assert (ended.state, ended.exit_code) == (State.STOPPED, 7)
    record = json.loads((tmp_path / f"state/logs/{box.uuid}.json").read_text())
    assert (record["code"], record["wanted"]) == (7, True)


async def hears_the_end(monitor: int) -> None:
    """Wait until a monitor has a handler for SIGTERM, which it takes care of a little later."""
    async with asyncio.timeout(30):
        while not handles_signal(monitor, signal.SIGTERM):  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.005)


FREEZER = Path("/sys/fs/cgroup/freezer")


@pytest.mark.v1
@pytest.mark.skipif(not (FREEZER / "tasks").exists(), reason="this host has no freezer of v1")
async def test_what_cannot_die_is_named_and_holds_up_nobody_else(
    define: Define, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In v1's freezer a process is as deaf as one that waits for a broken disk (state D)."""
    monkeypatch.setattr(lifecycle, "_AFTER_KILL", 1.0)
    box = await started(define, root, LISTENS)
    other = await define(name="other", root=root)
    group = FREEZER / f"cloche-test-{os.getpid():x}"
    group.mkdir()
    try:
        (group / "cgroup.procs").write_text(str((await box.now()).pid))
        (group / "freezer.state").write_text("FROZEN")
        killing = asyncio.ensure_future(box.engine.kill(box.uuid))
        assert (await other.start()).state is State.RUNNING
        assert (await other.engine.kill(other.uuid)).state is State.STOPPED
        with pytest.raises(TimedOutError) as caught:
            await killing
        pid = (await box.now()).pid
        named = rf"box was killed, but {pid} \(sh\)(, \d+ \(exe\))* does not end"  # and its sleep
        assert re.search(named, caught.value.message), caught.value.message
        (group / "freezer.state").write_text("THAWED")
        assert (await box.ended()).exit_code == 137
    finally:
        (group / "freezer.state").write_text("THAWED")
        group.rmdir()


@pytest.mark.v1
def test_a_group_of_old_trees_alone_is_emptied_too() -> None:
    found = detect()
    layout = Layout(tuple(tree for tree in found.hierarchies if tree.version == 1))
    if not layout.hierarchies:
        pytest.skip("this host has no v1 trees")
    group = Group(layout, f"cloche/t-old-{os.getpid():x}")
    group.create()
    bomb = "for i in 1 2 3 4 5; do (while :; do sleep 0.01; done) & done; wait"
    program = subprocess.Popen(["sh", "-c", f"read go; {bomb}"], stdin=subprocess.PIPE)
    try:
        for tree in layout.hierarchies:
            (tree.path / group.name / "cgroup.procs").write_text(str(program.pid))
        assert program.stdin is not None
        with program.stdin:
            program.stdin.write(b"go\n")
        while len(group.processes()) < 6:
            select.select([], [], [], 0.005)
        group.kill()
        assert program.wait(30) == -9
        deadline = time.monotonic() + 30
        while group.processes() and time.monotonic() < deadline:
            select.select([], [], [], 0.005)
        assert group.processes() == []
    finally:
        program.kill()
        program.wait()
        assert group.remove()
