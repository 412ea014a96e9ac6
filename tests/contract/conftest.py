"""Every engine that there is: in memory, the same over D-Bus, and the real one likewise."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.bus import world
from tests.contract.viewer import Viewer

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect
from cloche_engine.api.fake import FakeEngine

Open = Callable[[Path], AbstractAsyncContextManager[Engine]]


@asynccontextmanager
async def _in_memory(_folder: Path) -> AsyncIterator[Engine]:
    engine = FakeEngine()
    yield engine
    await engine.close()


@asynccontextmanager
async def _over_the_bus(folder: Path) -> AsyncIterator[Engine]:
    with world.helper(folder / "helper") as running:
        engine = await connect(running.target)
        yield engine
        await engine.close()


@asynccontextmanager
async def _real(folder: Path) -> AsyncIterator[Engine]:
    from cloche_engine.core.engine import LocalEngine  # noqa: PLC0415  # only where it can run

    name = "t-" + hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    engine = await LocalEngine.open(folder / "state", folder / "run", name)
    yield engine
    await _end_all(engine)
    await engine.close()


@asynccontextmanager
async def _real_over_the_bus(folder: Path) -> AsyncIterator[Engine]:
    words = world.real_helper_words(folder / "helper")
    with world.helper(folder / "helper", words=words) as running:
        engine = await connect(running.target)
        yield engine
        await _end_all(engine)
        await engine.close()


async def _end_all(engine: Engine) -> None:
    for container in await engine.containers():
        if container.state.can_kill:
            await engine.kill(container.uuid)


@pytest.fixture(
    params=[
        pytest.param(_in_memory, id="memory"),
        pytest.param(_over_the_bus, id="memory-bus", marks=pytest.mark.bus),
        pytest.param(_real, id="real", marks=pytest.mark.kernel),
        pytest.param(
            _real_over_the_bus, id="real-bus", marks=[pytest.mark.kernel, pytest.mark.bus]
        ),
    ]
)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine without containers."""
    open_engine: Open = request.param
    async with open_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
async def running(engine: Engine) -> str:
    """A running container with a shell."""
    await engine.define(world.shell("box"))
    await engine.start("box")
    return "box"


@pytest.fixture
async def view(engine: Engine) -> AsyncIterator[Callable[[str], Awaitable[Viewer]]]:
    """Open consoles that are closed at the end."""
    viewers: list[Viewer] = []

    async def open_console(ref: str) -> Viewer:
        viewers.append(Viewer(await engine.open_console(ref, 24, 80)))
        return viewers[-1]

    yield open_console
    for viewer in viewers:
        viewer.close()
