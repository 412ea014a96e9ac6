"""The process that holds the memory of an init to be never runs again, whoever tells it to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.bus.system_bus import NOBODY
from tests.kernel.attacker import BECOME, LOOK
from tests.kernel.box import Box, Define
from tests.kernel.conftest import instance_of

from cloche_engine.api.model import State
from cloche_engine.core.engine import LocalEngine
from cloche_engine.host.cgroups import tree as cgroups
from cloche_engine.monitor.child import Child, Warm, clone_ahead
from cloche_engine.monitor.launch import remove_group
from cloche_engine.monitor.protocol import SPARE
from cloche_engine.sandbox.plan.rights import ORDINARY, Rights
from cloche_engine.sandbox.seccomp import Filters

pytestmark = pytest.mark.kernel


@pytest.fixture
def warm(tmp_path: Path) -> Warm:
    """What a process that starts containers knows; here it is the test."""
    return Warm(cgroups.detect(), Filters((), ()), f"cloche/{instance_of(tmp_path)}")


@pytest.fixture
def waiting(warm: Warm, tmp_path: Path) -> Iterator[Child]:
    """An init that waits for its plan."""
    child = clone_ahead(warm, tmp_path)
    yield child
    child.kill()
    remove_group(child.group)


def signal_of_end(child: Child) -> int:
    """Let the holder go on by SIGCONT and the end of its child; the signal that it ends by."""
    holder = child.attendants.pop()
    os.kill(holder, signal.SIGCONT)
    signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
    status = os.waitpid(holder, 0)[1]
    return os.WTERMSIG(status)


def test_a_holder_that_is_told_to_go_on_ends_before_it_runs(waiting: Child) -> None:
    assert signal_of_end(waiting) == signal.SIGXCPU


def test_without_its_guard_a_holder_that_goes_on_runs(
    warm: Warm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before: the signal is what keeps it from the overwritten stack."""
    kill = os.kill
    with monkeypatch.context() as weak:
        weak.setattr(os, "kill", lambda pid, sig: sig == signal.SIGXCPU or kill(pid, sig))
        child = clone_ahead(warm, tmp_path)
    try:
        assert signal_of_end(child) != signal.SIGXCPU
    finally:
        child.kill()
        remove_group(child.group)


def test_a_privileged_container_is_not_made_where_devices_cannot_be_refused(
    warm: Warm, tmp_path: Path
) -> None:
    unguarded = [tree for tree in warm.layout.hierarchies if "devices" not in tree.controllers]
    bare = replace(warm, layout=replace(warm.layout, hierarchies=tuple(unguarded)), devices=-1)
    with pytest.raises(OSError, match="no means to keep it from its devices"):
        clone_ahead(replace(bare, rights=Rights(privileged=True)), tmp_path)
    control = clone_ahead(replace(bare, rights=ORDINARY), tmp_path)
    control.kill()
    remove_group(control.group)


def test_a_group_tells_when_its_last_process_is_gone(waiting: Child) -> None:
    waiter = threading.Thread(target=waiting.group.await_empty, args=(60,))
    waiter.start()
    signal.pidfd_send_signal(waiting.pidfd, signal.SIGKILL)
    waiter.join(20)
    assert not waiter.is_alive()
    if waiting.group.unified:
        assert "populated 0" in Path(waiting.group.unified, "cgroup.events").read_text()


def reached_by(user: int, pids: list[int]) -> set[str]:
    """What a user of the host can reach of these processes."""
    script = BECOME + LOOK + "print(*{place for pid in sys.argv[1:] for place in look(int(pid))})"
    words = [sys.executable, "-c", script, *map(str, (user, *pids))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_no_other_user_reaches_a_holder_or_the_child_whose_memory_it_has(waiting: Child) -> None:
    pids = [waiting.pid, *waiting.attendants]
    assert reached_by(NOBODY, pids) == set()
    assert reached_by(0, pids) >= {"mem", "environ", "fd", "pidfd_getfd"}, "the control"


async def holders(box: Box, runtimes: Path) -> tuple[int, list[int]]:
    """The monitor that waits for the next start, and the holders below it."""
    await box.engine.warm_up()
    (folder,) = runtimes.glob(f"{SPARE}*")
    monitor = int(json.loads((folder / "init.json").read_text())["monitor"])
    return monitor, children(monitor, "cloche-holder")


def children(pid: int, name: str = "") -> list[int]:
    """The processes below one, by name."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(p) for p in found if name in Path(f"/proc/{p}/comm").read_text()]


@pytest.mark.parametrize("number", [signal.SIGCONT, signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT])
async def test_a_container_starts_whatever_its_holder_was_sent(
    define: Define, root: Path, tmp_path: Path, number: signal.Signals
) -> None:
    box = await define(root=root)
    monitor, found = await holders(box, tmp_path / "state/run")
    assert len(found) == 1
    os.kill(found[0], number)
    assert (await box.start()).state is State.RUNNING
    assert (await box.run("echo in it")).strip() == "in it"
    async with asyncio.timeout(30):
        while children(monitor, "cloche-holder"):  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)


async def test_a_monitor_keeps_nothing_of_the_start(engine: LocalEngine, box: Box) -> None:
    """Neither the holder, dead ones included, nor descriptors of its /dev, nor much memory."""
    pid = (await box.now()).pid or 0
    monitor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    async with asyncio.timeout(30):
        while children(monitor) != [pid]:  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)
    opened = {str(file.readlink()) for file in Path(f"/proc/{monitor}/fd").iterdir()}
    assert not opened & {"/dev", "/dev/full", "/dev/tty", "/dev/random"}
    rollup = Path(f"/proc/{monitor}/smaps_rollup").read_text().splitlines()
    (own,) = (int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty:"))
    assert 100 < own <= 1.4 * 1024, f"{own} KiB"


async def test_where_the_folder_of_a_start_cannot_be_written_nothing_stays(
    warm: Warm, tmp_path: Path
) -> None:
    before = children(os.getpid())
    with pytest.raises(FileNotFoundError):
        clone_ahead(warm, tmp_path / "missing")
    assert children(os.getpid()) == before
    assert not any((tree.path / warm.parent).exists() for tree in warm.layout.hierarchies)
