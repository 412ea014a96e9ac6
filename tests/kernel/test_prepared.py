"""Starts that are prepared before anyone asks: nobody notices them until they are wanted."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.kernel.box import Box, Definition
from tests.kernel.conftest import instance_of
from tests.kernel.outside import HELLO, ip, until
from tests.kernel.test_spares import until_waiting

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.model import State
from cloche_engine.core.engine import LocalEngine
from cloche_engine.core.foresight import Foresight
from cloche_engine.host.cgroups import tree as cgroups

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("own_network")]
SPARES = 2
MANAGED = "<interface type='network'><source network='default'/></interface>"
ECHO = ("/bin/sh", "-c", "while :; do echo hello | nc -l -p 7007; done")


@pytest.fixture
async def pooled(tmp_path: Path) -> AsyncIterator[LocalEngine]:
    """An engine that keeps two spares and one prepared start."""
    state = tmp_path / "state"
    engine = await LocalEngine.open(state, state / "run", instance_of(tmp_path), SPARES)
    engine.warm_up_soon()
    yield engine
    for container in await engine.containers():
        if container.state.can_kill:
            await engine.kill(container.uuid)
    await engine.close()
    assert not list((state / "run").glob("spare-*"))


async def prepared(engine: LocalEngine, text: bytes) -> Box:
    """A container whose start is prepared."""
    box = Box(engine, await engine.define(text))
    await until_prepared(box)
    return box


def foresight(engine: LocalEngine) -> Foresight:
    return engine._lifecycle._starting.foresight


async def until_prepared(box: Box) -> None:
    await until(lambda: box.uuid in foresight(box.engine)._prepared)


async def steps_ahead(box: Box) -> set[str]:
    """What of the last start was done before anyone asked for it."""
    return {step.name for step in (await box.engine.explain(box.uuid)).steps if step.begun_ms < 0}


def links(kind: str) -> list[str]:
    return ip("-br", "link", "show", "type", kind).splitlines()


async def test_a_prepared_start_gives_what_any_start_gives(pooled: LocalEngine, root: Path) -> None:
    limits = "<memory unit='MiB'>64</memory><cpushare>300</cpushare>"
    box = await prepared(pooled, Definition(root=root, around=limits).text())
    for _ in range(2):
        container = await box.start()
        assert container.state is State.RUNNING
        assert os.getpriority(os.PRIO_PROCESS, container.pid or 0) == 0
        assert {"map its users", "open the console"} <= await steps_ahead(box)
        assert "open its trees" not in await steps_ahead(box)
        assert await box.run("id -u; hostname; cat /etc/hostname") == "0\nbox\nbox\n"
        assert (await pooled.stats(box.uuid)).memory_limit_bytes == 64 << 20
        await pooled.kill(box.uuid)
        await until_prepared(box)


async def test_its_network_is_there_and_nobody_answers_until_it_starts(
    pooled: LocalEngine, root: Path
) -> None:
    text = Definition(name="web", root=root, program=ECHO, inside=MANAGED).text()
    box = Box(pooled, await pooled.define(text))
    address = (await box.start()).addresses[0].partition("/")[0]
    await pooled.kill(box.uuid)
    await until_prepared(box)
    (link,) = links("veth")
    assert "UP" not in link.partition("<")[2].split(">")[0].split(",")
    assert not _is_heard(address)
    await box.start()
    assert "connect its network" in await steps_ahead(box)
    assert _is_heard(address)
    await until(lambda: _answer(address) == "hello\n")
    assert "default via" in await box.run("ip route; ip -6 route")


def _is_heard(address: str) -> bool:
    """Whether somebody says that this address is theirs."""
    _answer(address)
    return "lladdr" in ip("neigh", "show", address)


def _answer(address: str) -> str:
    asked = ["busybox", "nc", "-w", "1", address, "7007"]
    done = subprocess.run(asked, check=False, stdin=subprocess.DEVNULL, capture_output=True)
    return done.stdout.decode()


async def test_two_prepared_in_turn_reach_each_other(pooled: LocalEngine, root: Path) -> None:
    web = Box(pooled, await pooled.define(
        Definition(name="web", root=root, program=ECHO, inside=MANAGED).text()))  # fmt: skip
    await web.start()
    other = await prepared(pooled, Definition(name="other", root=root, inside=MANAGED).text())
    await other.start()
    assert "connect its network" in await steps_ahead(other)
    assert await other.run(HELLO.format("web")) == "hello\n"


async def test_another_definition_is_what_starts(pooled: LocalEngine, root: Path) -> None:
    limited = Definition(root=root, around="<memory unit='MiB'>64</memory>")
    box = await prepared(pooled, limited.text())
    stored = await pooled.definition(box.uuid)
    await pooled.define(stored.text.replace(b">64<", b">80<"), stored.etag)
    await box.start()
    assert (await pooled.stats(box.uuid)).memory_limit_bytes == 80 << 20


async def test_a_container_that_is_deleted_leaves_nothing_prepared(
    pooled: LocalEngine, root: Path
) -> None:
    box = await prepared(pooled, Definition(root=root).text())
    await pooled.undefine(box.uuid)
    await until_waiting(pooled.places.runtime, SPARES)
    groups = cgroups.detect().hierarchies[0].path / pooled.places.groups
    found = {one.name for one in groups.iterdir() if one.is_dir()}
    assert len(found - {"monitors"}) == SPARES  # on v2 that is a group beside them


async def test_an_engine_that_closes_amid_it_leaves_nothing(
    pooled: LocalEngine, root: Path
) -> None:
    await pooled.define(Definition(root=root).text())
    async with asyncio.timeout(20):
        while foresight(pooled)._under_way is None:  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0)
    await pooled.close()
    assert not list(pooled.places.runtime.glob("spare-*"))
    tree = cgroups.detect().hierarchies[0].path / pooled.places.groups
    assert not tree.exists() or not any(one.is_dir() for one in tree.iterdir())


async def test_only_the_last_who_are_expected_have_one(pooled: LocalEngine, root: Path) -> None:
    first = await prepared(pooled, Definition(name="first", root=root).text())
    second = await prepared(pooled, Definition(name="second", root=root).text())
    await second.start()
    assert "map its users" in await steps_ahead(second)
    await first.start()
    assert "map its users" not in await steps_ahead(first)


async def test_a_folder_that_was_replaced_meanwhile_is_the_one_it_has(
    pooled: LocalEngine, root: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "old").touch()
    box = await prepared(pooled, Definition(root=root, mounts=((shared, "/mnt", False),)).text())
    shared.rename(tmp_path / "away")
    shared.mkdir()
    (shared / "new").touch()
    await box.start()
    assert "map its users" in await steps_ahead(box)
    assert await box.run("ls /mnt") == "new\n"


async def test_a_disk_can_be_taken_out_while_its_container_is_prepared(
    pooled: LocalEngine, root: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", disk], check=True)
    try:
        text = Definition(root=root, mounts=((disk / "files", "/mnt", False),)).text()
        (disk / "files").mkdir()
        box = await prepared(pooled, text)
    finally:
        subprocess.run(["umount", disk], check=True)
    with pytest.raises(StartFailedError, match="files"):
        await box.start()
    assert not (await box.now()).pid


@pytest.mark.parametrize("who", ["cloche-spare", "cloche-launcher"])
async def test_a_prepared_start_that_was_killed_is_made_anew(
    pooled: LocalEngine, root: Path, who: str
) -> None:
    box = Box(pooled, await pooled.define(Definition(root=root, inside=MANAGED).text()))
    await box.start()
    await pooled.kill(box.uuid)
    await until_prepared(box)
    monitor = foresight(pooled)._prepared[box.uuid].spare.pid
    with _until_ended(monitor):
        os.kill(monitor if who == "cloche-spare" else _child_of(monitor, who), signal.SIGKILL)
    assert (await box.start()).state is State.RUNNING
    assert "map its users" not in await steps_ahead(box)
    assert "eth0" in await box.run("ip -o addr show eth0")


@pytest.mark.parametrize("who", [("init",), ("launcher",), ("init", "launcher"), ("spare",)])
async def test_one_that_is_killed_right_before_it_is_wanted_starts_all_the_same(
    pooled: LocalEngine, root: Path, who: tuple[str, ...]
) -> None:
    box = Box(pooled, await pooled.define(Definition(root=root, inside=MANAGED).text()))
    await box.start()
    await pooled.kill(box.uuid)
    await until_prepared(box)
    spare = foresight(pooled)._prepared[box.uuid].spare
    pids = [spare.pid if one == "spare" else _child_of(spare.pid, f"cloche-{one}") for one in who]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert (await box.start()).state is State.RUNNING
    assert "map its users" not in await steps_ahead(box)
    assert "default via" in await box.run("ip route")
    await until(lambda: len(links("veth")) == 1)
    for tree in cgroups.detect().hierarchies:
        assert not (tree.path / spare.group).exists()
    assert not spare.folder.exists()


async def test_a_start_whose_program_is_missing_is_tried_once(
    pooled: LocalEngine, root: Path
) -> None:
    box = await prepared(pooled, Definition(root=root, program=("/bin/none",)).text())
    with pytest.raises(StartFailedError, match="/bin/none"):
        await box.start()
    assert (await box.now()).state is State.FAILED
    assert "map its users" in await steps_ahead(box)
    steps = [step.name for step in (await box.engine.explain(box.uuid)).steps]
    assert steps.count("hand over the plan") == 1


@contextmanager
def _until_ended(pid: int) -> Iterator[None]:
    ended = os.pidfd_open(pid)
    yield
    assert select.select([ended], [], [], 20)[0]
    os.close(ended)


def _child_of(pid: int, name: str) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next(
        int(one) for one in children if Path(f"/proc/{one}/comm").read_text() == name + "\n"
    )


async def test_a_start_wins_whenever_it_comes(pooled: LocalEngine, root: Path) -> None:
    box = Box(pooled, await pooled.define(Definition(root=root, inside=MANAGED).text()))
    for moment in range(12):
        assert (await box.start()).state is State.RUNNING
        assert "default via" in await box.run("ip route")
        await pooled.kill(box.uuid)
        await asyncio.sleep(moment * 0.01)  # now before, now amid, now after what is prepared
    assert len(links("veth")) <= 1
