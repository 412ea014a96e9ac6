"""A private helper with the engine in memory, and a folder that other users can reach."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.bus import world
from tests.bus.shell import Shell

from cloche_engine.api.bus import BusEngine
from cloche_engine.api.connect import connect


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """What pytest's own folders are not."""
    with world.open_folder() as path:
        yield path


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[world.Helper]:
    with world.helper(tmp_path / "x") as running:
        yield running


@pytest.fixture
async def engine(helper: world.Helper) -> AsyncIterator[BusEngine]:
    engine = await connect(helper.target)
    assert isinstance(engine, BusEngine)
    yield engine
    await engine.close()


@pytest.fixture
def shell(helper: world.Helper) -> Shell:
    return Shell(helper.directory, helper)
