"""A disk without space loses nothing: ids that could not be given back are given back later."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Definition
from tests.kernel.conftest import instance_of

from cloche_engine.api.errors import EngineError
from cloche_engine.core.engine import LocalEngine

pytestmark = [pytest.mark.kernel]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small filesystem for all that the engine keeps."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@contextlib.asynccontextmanager
async def engine_on(disk: Path) -> AsyncIterator[LocalEngine]:
    engine = await LocalEngine.open(disk, disk / "run", instance_of(disk))
    try:
        yield engine
    finally:
        for container in await engine.containers():
            if container.state.can_kill:
                await engine.kill(container.uuid)
        await engine.close()


async def has_run(engine: LocalEngine, name: str, root: Path) -> Box:
    """A container that ended: it has ids of its own."""
    box = Box(engine, await engine.define(Definition(name=name, root=root).text()))
    await box.start()
    await engine.kill(box.uuid)
    return box


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """No space is left, nor by removing a file: somebody copies them all just now."""
    copied = [os.open(file, os.O_RDONLY) for file in disk.rglob("*") if file.is_file()]
    try:
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        yield
    finally:
        (disk / "filler").unlink()
        for descriptor in copied:
            os.close(descriptor)


def ids(disk: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((disk / "ids.json").read_text())
    return found


async def test_ids_not_given_back_on_a_full_disk_are_free_after_the_helpers_next_start(
    disk: Path, root: Path
) -> None:
    async with engine_on(disk) as engine:
        gone, kept = [await has_run(engine, name, root) for name in ("gone", "kept")]
        before = ids(disk)
        with full(disk):
            await engine.undefine(gone.uuid)
            assert ids(disk) == before, "the disk was not full"
    async with engine_on(disk) as engine:
        assert ids(disk) == {kept.uuid: before[kept.uuid]}
        other = await has_run(engine, "other", root)
        assert ids(disk)[other.uuid] == before[gone.uuid]


async def test_the_same_helper_gives_them_to_the_next_once_there_is_space(
    disk: Path, root: Path
) -> None:
    async with engine_on(disk) as engine:
        gone, kept = [await has_run(engine, name, root) for name in ("gone", "kept")]
        new = Box(engine, await engine.define(Definition(name="new", root=root).text()))
        before = ids(disk)
        with full(disk):
            await engine.undefine(gone.uuid)
            with pytest.raises(EngineError, match=r"user ids could not be saved in .*No space"):
                await new.start()
            assert ids(disk) == before
        await new.start()
        assert ids(disk) == {kept.uuid: before[kept.uuid], new.uuid: before[gone.uuid]}
