"""A helper that is killed: the next one tidies up, and starts again what ended meanwhile, once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bus import world
from tests.contract.viewer import Viewer
from tests.kernel.outside import ip, tables
from tests.own_network import own_network

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect
from cloche_engine.api.model import State

pytestmark = [pytest.mark.bus, pytest.mark.kernel]

MANAGED = b"<interface type='network'><source network='default'/></interface>"
ROUTING = Path("/proc/sys/net/ipv4/ip_forward")


@pytest.fixture
def _own_network() -> Iterator[None]:
    with own_network():
        yield


def is_over(pid: int) -> bool:
    """Whether a process is gone; nobody may have reaped it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.usefixtures("_own_network")
async def test_what_a_killed_helper_leaves_of_the_network_goes_with_the_next(
    tmp_path: Path,
) -> None:
    ROUTING.write_text("0")
    directory = tmp_path / "x"
    words = world.real_helper_words(directory)
    with world.helper(directory, words=words) as first:
        engine = await connect(first.target)
        await engine.define(world.shell("box").replace(b"</container>", MANAGED + b"</container>"))
        await engine.start("box")
        viewer = Viewer(await engine.open_console("box", 24, 80))
        dnsmasq = json.loads((directory / "run/dnsmasq.json").read_text())["pid"]
        first.kill()
        await engine.close()
    viewer.enter("exit 0\r")
    await viewer.end()
    viewer.close()
    assert (ROUTING.read_text().strip(), len(tables()), is_over(dnsmasq)) == ("1", 2, False)
    with world.helper(directory, words=words) as second:
        engine = await connect(second.target)
        assert (ROUTING.read_text().strip(), tables(), is_over(dnsmasq)) == ("0", [], True)
        assert "clb" not in ip("-o", "link")
        await engine.close()


def counting(name: str, folder: Path) -> bytes:
    """A container that is started again after a crash, and writes each of its starts down."""
    mount = f"<filesystem type='mount'><source dir='{folder}'/><target dir='/mnt'/></filesystem>"
    line = "<arg>-c</arg><arg>echo started &gt;&gt;/mnt/starts; read line; exit 4</arg>"
    text = world.shell(name).replace(b"</container>", (line + mount).encode() + b"</container>")
    return text.replace(b"</domain>", b"<on_crash>restart</on_crash></domain>")


async def runs_anew(engine: Engine, before: int | None) -> int:
    """The pid of its init when it runs, another than before."""
    async with asyncio.timeout(20):
        while True:
            found = await engine.container("box")
            if found.state is State.RUNNING and found.pid not in {None, before}:
                return found.pid or 0
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("monitor_killed", [False, True])
async def test_what_ends_while_no_helper_lives_is_started_again_once(
    tmp_path: Path, monitor_killed: bool
) -> None:
    folder = tmp_path / "counted"
    folder.mkdir()
    starts = folder / "starts"
    starts.touch()
    starts.chmod(0o666)
    directory = tmp_path / "x"
    words = world.real_helper_words(directory)
    with world.helper(directory, words=words) as first:
        engine = await connect(first.target)
        uuid = (await engine.define(counting("box", folder))).uuid
        before = (await engine.start("box")).pid
        viewer = Viewer(await engine.open_console("box", 24, 80))
        first.kill()
        await engine.close()
    if monitor_killed:
        init = json.loads((directory / "run" / uuid / "init.json").read_text())
        os.kill(init["monitor"], signal.SIGKILL)
    else:
        viewer.enter("go\r")
        await viewer.end()
    viewer.close()
    with world.helper(directory, words=words) as second:  # killed before the pause is over
        engine = await connect(second.target)
        assert (await engine.container("box")).state is State.WAITING
        second.kill()
        await engine.close()
    with world.helper(directory, words=words) as third:
        engine = await connect(third.target)
        pid = await runs_anew(engine, before)
        third.kill()
        await engine.close()
    with world.helper(directory, words=words) as last:
        engine = await connect(last.target)
        found = await engine.container("box")
        assert (found.state, found.pid) == (State.RUNNING, pid)
        await engine.kill("box")
        assert starts.read_text() == "started\n" * 2
        await engine.close()
