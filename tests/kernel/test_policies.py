"""What follows an end: pauses that grow, helpers that come and go, and starts with the computer."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, Definition
from tests.kernel.conftest import instance_of

from cloche_engine.api.again import pause
from cloche_engine.api.model import Container, End, State
from cloche_engine.core import afterwards
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel

RESTARTS = "<on_crash>restart</on_crash>"
CRASHES = ("/bin/sh", "-c", "exit 4")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a twentieth: what grows is the same, and nobody waits for it."""
    monkeypatch.setattr(afterwards, "pause", lambda tries, at_once=False: pause(
        tries, at_once=at_once) / 20)  # fmt: skip


async def opened(tmp_path: Path) -> LocalEngine:
    state = tmp_path / "state"
    return await LocalEngine.open(state, state / "run", instance_of(tmp_path))


def test_the_pause_grows_from_a_second_to_a_minute() -> None:
    assert [pause(tries) for tries in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [pause(tries, at_once=True) for tries in range(4)] == [0, 1, 2, 4]


async def test_a_crash_loop_is_counted_and_waits_longer_each_time(
    define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, program=CRASHES, around=RESTARTS)
    await box.start()
    await box.until(lambda c: c.state is State.WAITING and "try" not in c.error)
    second = await box.until(lambda c: c.state is State.WAITING and "try 2" in c.error)
    assert "ended with status 4; it is started again at" in second.error
    again = json.loads((tmp_path / f"state/logs/{box.uuid}.again").read_text())
    assert again["tries"] == 2
    assert (await box.engine.stop(box.uuid)).state is State.STOPPED
    again = json.loads((tmp_path / f"state/logs/{box.uuid}.again").read_text())
    assert (again["tries"], again["due"]) == (0, None)
    told = await box.engine.explain(box.uuid)
    assert told.restarts >= 1
    assert told.restarted_at > told.at - 60
    assert told.restart_cause == "its program ended with status 4"


def other_than(pid: int | None) -> Callable[[Container], bool]:
    return lambda container: container.pid not in {None, pid}


async def test_restarts_are_counted_since_somebody_started_it_also_by_the_next_helper(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "read x; exit 4"), around=RESTARTS)
    pid = (await box.start()).pid
    assert (await engine.explain(box.uuid)).restarts == 0
    for expected in (1, 2):
        with await engine.open_console(box.uuid, 24, 80) as link:
            link.send(b"Igo\n")
            pid = (await box.until(other_than(pid))).pid
        assert (await engine.explain(box.uuid)).restarts == expected
    await engine.stop(box.uuid, 0)
    await engine.close()
    again = await opened(tmp_path)
    try:
        assert (await again.explain(box.uuid)).restarts == 2
        await again.start(box.uuid)
        assert (await again.explain(box.uuid)).restarts == 0
        await again.kill(box.uuid)
    finally:
        await again.close()


async def test_a_clean_end_is_no_crash(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "exit 0"), around=RESTARTS)
    await box.start()
    assert (await box.ended()).state is State.STOPPED


async def test_a_monitor_that_was_killed_counts_as_a_crash(
    define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, around=RESTARTS)
    first = await box.start()
    init = json.loads((tmp_path / "state/run" / box.uuid / "init.json").read_text())
    os.kill(init["monitor"], signal.SIGKILL)
    waiting = await box.until(lambda c: c.state is State.WAITING)
    assert "process that watched over it was killed; it is started again" in waiting.error
    again = await box.until(lambda c: c.state is State.RUNNING)
    assert again.pid != first.pid


async def test_the_next_helper_goes_on_waiting(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, program=CRASHES, around=RESTARTS)
    await box.start()
    await box.until(lambda c: c.state is State.WAITING and "try 2" in c.error)
    await engine.close()
    again = await opened(tmp_path)
    try:
        found = Box(again, await again.container(box.uuid))
        await found.until(lambda c: c.state is State.WAITING and "try 3" in c.error)
        await again.stop(box.uuid)
    finally:
        await again.close()


async def test_what_crashed_while_no_helper_looked_is_started_again_by_the_next(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    line = "read line; exit 4"
    box = await define(root=root, program=("/bin/sh", "-c", line), around=RESTARTS)
    pid = (await box.start()).pid or 0
    link = await engine.open_console(box.uuid, 24, 80)
    await engine.close()
    ended = os.pidfd_open(pid)
    with link:
        link.send(b"Igo\n")
        await asyncio.to_thread(select.select, [ended], [], [], 20)
    os.close(ended)
    record = tmp_path / f"state/logs/{box.uuid}.json"
    async with asyncio.timeout(30):
        runtime = tmp_path / "state/run" / box.uuid
        while not record.exists() or runtime.exists():  # noqa: ASYNC110 (nobody tells of a file)
            await asyncio.sleep(0.005)
    again = await opened(tmp_path)
    try:
        found = Box(again, await again.container(box.uuid))
        assert (await found.until(lambda c: c.state is State.RUNNING)).pid != pid
        await again.kill(box.uuid)
    finally:
        await again.close()


async def test_a_start_that_fails_after_a_crash_is_tried_again(define: Define, root: Path) -> None:
    box = await define(root=root, program=CRASHES, around=RESTARTS)
    await box.start()
    shell = root / "bin/sh"
    shell.rename(root / "bin/away")
    failed = await box.until(lambda c: c.state is State.WAITING and "did not start" in c.error)
    assert "started again" in failed.error
    (root / "bin/away").rename(shell)
    await box.until(lambda c: c.state is State.WAITING and "ended with status 4" in c.error)
    await box.engine.stop(box.uuid)


REBOOTS = """
import ctypes, os, sys
from cloche_engine.kernel.constants import CLONE_NEWPID, CLONE_NEWUSER
from cloche_engine.kernel.syscalls import clone3
from cloche_engine.monitor.record import ending_of
class Meter:
    oom_kills = 0
pid, pidfd = clone3(CLONE_NEWUSER | CLONE_NEWPID)
if pid == 0:
    ctypes.CDLL(None).reboot(ctypes.c_int(int(sys.argv[1], 16)))
    os._exit(9)
ending = ending_of(os.waitid(os.P_PIDFD, pidfd, os.WEXITED), Meter())
print(ending.how, ending.code)
"""


@pytest.mark.parametrize(
    ("command", "said"),
    [("0x01234567", "reboot 0"), ("0x4321fedc", "poweroff 0"), ("0x1", "exit 9")],
)
def test_a_reboot_from_inside_is_told_from_a_shutdown(command: str, said: str) -> None:
    words = [sys.executable, "-c", REBOOTS, command]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == said


SYSTEM = "<features><system/></features>"


async def test_a_system_that_reboots_runs_again_at_once(define: Define, root: Path) -> None:
    box = await define(root=root, around=SYSTEM)
    first = await box.start()
    await box.run("busybox reboot -f")
    again = await box.until(lambda c: c.state is State.RUNNING and c.pid != first.pid)
    assert again.error == ""
    assert await box.run("echo up") == "up\n"


async def test_a_system_that_shuts_down_stays_down(define: Define, root: Path) -> None:
    box = await define(root=root, around=f"{SYSTEM}<on_crash>restart</on_crash>")
    await box.start()
    await box.run("busybox poweroff -f")
    ended = await box.ended()
    assert (ended.state, ended.exit_code, ended.ended, ended.error) == (
        State.STOPPED, 0, End.POWEROFF, "",
    )  # fmt: skip


async def test_an_application_cannot_reboot_at_all(define: Define, root: Path) -> None:
    box = await define(root=root)
    first = await box.start()
    assert (await box.status("busybox reboot -f"))[0] != 0
    assert (await box.now()).pid == first.pid


MARKED = "<autostart/>"


async def test_marked_containers_start_once_after_a_boot_in_order_of_name(
    engine: LocalEngine, root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, program in (("b", "/bin/sh"), ("a", "/bin/sh"), ("c", "/bin/nope")):
        text = Definition(name=name, root=root, program=(program,), around=MARKED).text()
        await engine.define(text)
    await engine.define(Definition(name="unmarked", root=root).text())
    await engine.close()
    same_boot = await opened(tmp_path)
    await same_boot._autostart.settle()
    assert {one.state for one in await same_boot.containers()} == {State.STOPPED}
    await same_boot.close()
    marker = tmp_path / "state/autostart.json"
    marker.write_text(json.dumps({"boot": "the one before", "left": []}))
    with caplog.at_level(logging.INFO, "cloched"):
        booted = await opened(tmp_path)
        try:
            await booted._autostart.settle()
            found = {one.name: one for one in await booted.containers()}
            states = {name: one.state for name, one in found.items()}
            assert states == {
                "a": State.RUNNING, "b": State.RUNNING, "c": State.FAILED,
                "unmarked": State.STOPPED,
            }  # fmt: skip
            assert (found["a"].started or 0) < (found["b"].started or 0)
            assert "/bin/nope does not exist" in found["c"].error
            assert "started with the computer: 2 of 3; not started: c" in caplog.text
            for name in ("a", "b"):
                await booted.kill(name)
        finally:
            await booted.close()
    again = await opened(tmp_path)
    await again._autostart.settle()
    assert State.RUNNING not in {one.state for one in await again.containers()}
    await again.close()
