"""The real engine on the real kernel, in folders of the test's own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, Definition, busybox_root
from tests.own_network import own_network as network_of_its_own

from cloche_engine.api.model import State
from cloche_engine.core.engine import LocalEngine

# What it does to PID 1 is only for a machine that nobody else uses.
_OWN_SYSTEMD = Path("/run/systemd/system").is_dir() and os.environ.get("CLOCHE_MUST_RUN") == "1"
collect_ignore = [] if _OWN_SYSTEMD else ["test_systemd.py"]


def instance_of(folder: Path) -> str:
    """A name for this test's groups and links."""
    return "t-" + hashlib.sha256(str(folder).encode()).hexdigest()[:8]


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[LocalEngine]:
    """The engine; what runs at the end is killed."""
    state = tmp_path / "state"
    engine = await LocalEngine.open(state, state / "run", instance_of(tmp_path))
    yield engine
    await engine.close()
    # A test may have closed it or opened another: a fresh one finds whatever still runs.
    last = await LocalEngine.open(state, state / "run", instance_of(tmp_path))
    for container in await last.containers():
        if container.state.can_kill:
            await last.kill(container.uuid)
    await last.close()


@pytest.fixture
def define(engine: LocalEngine) -> Define:
    """Make a container of the parts of a Definition."""

    async def make(**parts: object) -> Box:
        text = Definition(**parts).text()  # type: ignore[arg-type]
        return Box(engine, await engine.define(text))

    return make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A busybox tree."""
    return busybox_root(tmp_path / "root")


@pytest.fixture
async def box(define: Define, root: Path) -> Box:
    """A running container with a shell on a busybox tree."""
    made = await define(root=root)
    container = await made.start()
    assert container.state is State.RUNNING
    return made


@pytest.fixture
def own_network() -> Iterator[None]:
    """The test and its whole engine in a network namespace of their own."""
    with network_of_its_own():
        yield
