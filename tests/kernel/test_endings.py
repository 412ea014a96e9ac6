"""Exit, stop, crash and want of memory are told apart, also by the next helper; all start again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from tests.kernel.box import GREEDY, Box, Define, type_in
from tests.kernel.test_recovery import reopened

from cloche_engine.api.model import End, Samples, State
from cloche_engine.core.engine import LocalEngine
from cloche_engine.monitor.protocol import Do

pytestmark = pytest.mark.kernel

MEMORY = "<memory>16384</memory>"
CHILD = ("/bin/sh", "-c", "sh -c 'x=a; while :; do x=$x$x; done'; exit 9")


async def test_an_exit_is_an_exit(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "exit 4"))
    await box.start()
    container = await box.ended()
    assert (container.state, container.ended, container.exit_code) == (State.STOPPED, End.EXIT, 4)
    assert container.error == ""
    assert abs((container.ended_at or 0) - time.time()) < 60


async def test_a_stop_is_a_stop_and_so_is_a_kill(box: Box) -> None:
    container = await box.engine.stop(box.uuid)
    assert (container.state, container.ended) == (State.STOPPED, End.STOP)
    assert (await box.start()).ended is None
    container = await box.engine.kill(box.uuid)
    assert (container.state, container.ended) == (State.STOPPED, End.STOP)


async def test_a_signal_that_nobody_here_sent_is_a_crash(box: Box) -> None:
    pidfd = os.pidfd_open((await box.now()).pid or 0)
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    container = await box.ended()
    assert (container.state, container.ended) == (State.FAILED, End.CRASH)
    assert "SIGKILL" in container.error


@pytest.mark.v2
async def test_after_want_of_memory_it_starts_again_and_again(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, program=GREEDY, around=MEMORY)
    await box.start()
    await box.ended()
    await box.start()
    container = await box.ended()
    assert (container.state, container.ended) == (State.FAILED, End.OUT_OF_MEMORY)
    assert "killed for want of memory: limit 16 MiB, peak 16 MiB, at 20" in container.error
    again = await reopened(engine, tmp_path)
    try:
        assert await again.container(box.uuid) == container
    finally:
        await again.close()


@pytest.mark.v2
async def test_one_of_its_processes_killed_for_want_of_memory_is_told(
    define: Define, root: Path
) -> None:
    """A v1 host kills that one alone, a v2 host all of an application."""
    box = await define(root=root, program=CHILD, around=MEMORY)
    await box.start()
    container = await box.ended()
    assert container.state is State.FAILED
    assert container.ended in {End.EXIT, End.OUT_OF_MEMORY}
    assert "killed for want of memory: limit 16 MiB" in container.error
    if container.ended is End.EXIT:
        assert "status 9 after 1 of its processes" in container.error


async def test_kills_for_want_of_memory_are_counted_while_it_goes_on_and_colour_no_later_kill(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around=f"{MEMORY}<features><system/></features>")
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        type_in(console, "sh -c 'x=a; while :; do x=$x$x; done'\n")
        seen: asyncio.Queue[Samples] = asyncio.Queue()
        end = await box.engine.watch(seen.put_nowait, 0.1)
        async with asyncio.timeout(20):
            while not (await seen.get())[0].oom_kills:
                pass
        end()
    assert (await box.engine.stats(box.uuid)).oom_kills >= 1
    assert (await box.now()).state is State.RUNNING
    killed = await box.engine.kill(box.uuid)
    assert (killed.state, killed.ended, killed.error) == (State.STOPPED, End.STOP, "")


async def outliving(box: Box) -> None:
    """Started, and the kernel has killed one of its programs for want of memory."""
    await box.start()
    assert (await box.status(GREEDY[-1]))[0] == 128 + signal.SIGKILL
    async with asyncio.timeout(20):
        while not await outlived(box):  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.05)


async def outlived(box: Box) -> int:
    """How many such kills its monitor knows that its init lived on after."""
    running = box.engine._registry.find(box.uuid).running
    assert running is not None
    return int((await running.link.request({"do": Do.USAGE}))[0]["outlived"])


@pytest.mark.v2
async def test_after_an_old_want_of_memory_a_kill_from_outside_is_a_crash(
    define: Define, root: Path
) -> None:
    """And the control: want of memory of the init itself, after such a one, is told as that."""
    box = await define(root=root, around=f"{MEMORY}<features><system/></features>")
    await outliving(box)
    with os.fdopen(os.pidfd_open((await box.now()).pid or 0)) as pidfd:
        signal.pidfd_send_signal(pidfd.fileno(), signal.SIGKILL)
    container = await box.ended()
    assert (container.state, container.ended) == (State.FAILED, End.CRASH)
    assert "SIGKILL" in container.error
    await outliving(box)
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        type_in(console, f"{GREEDY[-1]}\n")
        container = await box.ended()
    assert (container.state, container.ended) == (State.FAILED, End.OUT_OF_MEMORY)
    assert "killed for want of memory: limit 16 MiB" in container.error


@pytest.mark.v2
async def test_want_of_much_memory_ends_it_as_soon_as_want_of_little(
    define: Define, root: Path
) -> None:
    """What slows it down near its limit, on v2, must not keep it from the end."""
    box = await define(root=root, program=GREEDY, around="<memory unit='MiB'>256</memory>")
    await box.start()
    begun = time.monotonic()
    container = await box.ended()
    assert container.ended is End.OUT_OF_MEMORY
    assert time.monotonic() - begun < 45
