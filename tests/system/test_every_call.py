"""Every call in every state of a container, and what a helper leaves where everybody may write."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.bus import world
from tests.kernel.box import Definition, busybox_root

from cloche_engine.api.bus import BusEngine
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import ExecRequest, State

pytestmark = [pytest.mark.kernel, pytest.mark.bus]

Call = Callable[[BusEngine], Awaitable[object]]
ECHO = ExecRequest(("echo", "hi"), terminal=True)
CALLS: dict[str, Call] = {
    "container": lambda engine: engine.container("box"),
    "definition": lambda engine: engine.definition("box"),
    "define": lambda engine: engine.define(b"<domain type='linuxcontainer'/>"),
    "logs": lambda engine: engine.logs("box"),
    "stats": lambda engine: engine.stats("box"),
    "explain": lambda engine: engine.explain("box"),
    "exec": lambda engine: engine.exec("box", ECHO),
    "exec of nothing": lambda engine: engine.exec("box", ExecRequest(("/no/such",), terminal=True)),
    "console": lambda engine: engine.open_console("box", 24, 80),
    "console of no size": lambda engine: engine.open_console("box", 0, 0),
    "pause": lambda engine: engine.pause("box"),
    "pause again": lambda engine: engine.pause("box"),
    "resume": lambda engine: engine.resume("box"),
    "kill with 0": lambda engine: engine.kill("box", 0),
    "kill with 64": lambda engine: engine.kill("box", 64),
    "kill with 9999": lambda engine: engine.kill("box", 9999),
    "stop in no time": lambda engine: engine.stop("box", -1),
    "undefine": lambda engine: engine.undefine("box"),
    "start": lambda engine: engine.start("box"),
    "stop": lambda engine: engine.stop("box", 0),
    "restart": lambda engine: engine.restart("box", 0),
    "kill": lambda engine: engine.kill("box"),
}


@asynccontextmanager
async def helped(directory: Path, words: list[str] | None = None) -> AsyncIterator[BusEngine]:
    """A connection to a helper whose log has no traceback at the end."""
    words = [*(words or []), *world.real_helper_words(directory)]
    with world.helper(directory, words=words) as running:
        engine = await connect(running.target)
        assert isinstance(engine, BusEngine)
        yield engine
        for each in await engine.containers():
            if each.state.can_kill:
                await engine.kill(each.uuid)
        await engine.close()
        assert "Traceback" not in running.log


async def _as_defined(engine: BusEngine, root: Path) -> None:
    await engine.define(Definition(root=root).text())


async def _running(engine: BusEngine, root: Path) -> None:
    await _as_defined(engine, root)
    await engine.start("box")


async def _paused(engine: BusEngine, root: Path) -> None:
    await _running(engine, root)
    await engine.pause("box")


async def _failed(engine: BusEngine, root: Path) -> None:
    await engine.define(Definition(root=root, program=("/no/such",)).text())
    with pytest.raises(EngineError):
        await engine.start("box")


async def _nothing(_engine: BusEngine, _root: Path) -> None:
    pass


@pytest.mark.parametrize("prepare", [_nothing, _as_defined, _running, _paused, _failed])
async def test_e18_every_call_in_every_state_is_done_or_refused_in_a_sentence(
    tmp_path: Path, prepare: Callable[[BusEngine, Path], Awaitable[None]]
) -> None:
    root = busybox_root(tmp_path / "root")
    async with helped(tmp_path / "x") as engine:
        await prepare(engine, root)
        for name, call in CALLS.items():
            answer = await _answered(engine, call)
            if isinstance(answer, EngineError):
                assert answer.message.isprintable(), name
                assert answer.hint, name
            elif isinstance(answer, socket.socket):
                answer.close()
        states = [each.state for each in await engine.containers()]
        assert all(state in {State.STOPPED, State.FAILED} for state in states)


async def _answered(engine: BusEngine, call: Call) -> object:
    try:
        return await asyncio.wait_for(call(engine), 20)
    except EngineError as error:
        return error


EVERYBODYS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
_EMPTY = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
_MOUNTS = "".join(f"mount -t tmpfs none {place} && " for place in EVERYBODYS)
_CHECKOUT = Path(__file__).parents[2]


def made_in(place: Path) -> set[str]:
    """What lies there, the way to the checkout left out."""
    return {name for name in os.listdir(place) if name not in _CHECKOUT.parts}  # noqa: PTH208


async def test_e19_nothing_is_made_where_everybody_may_write() -> None:
    with tempfile.TemporaryDirectory(prefix="cloche-test-", dir="/var/lib") as name:
        folder = Path(name)
        root = busybox_root(folder / "root")
        (kept := folder / "checkout").mkdir()  # it may lie in one of them itself
        script = (
            f"mount --bind {_CHECKOUT} {kept} && {_MOUNTS} mkdir -p {_CHECKOUT} && "
            f'mount --bind {kept} {_CHECKOUT} && cd / && exec "$@"'
        )
        words = [*_EMPTY, script, "sh", *world.real_helper_words(folder / "x")]
        with world.helper(folder / "x", words=words) as running:
            engine = await connect(running.target)
            await engine.define(Definition(root=root).text())
            await engine.start("box")
            (await engine.exec("box", ECHO)).close()
            await engine.kill("box")
            await engine.close()
            places = [Path(f"/proc/{running.process.pid}/root{place}") for place in EVERYBODYS]
            assert [made_in(place) for place in places] == [set(), set(), set()]
            (places[0] / "seen").touch()
            assert made_in(places[0]) == {"seen"}, "the control"
            assert not Path(EVERYBODYS[0], "seen").exists()
