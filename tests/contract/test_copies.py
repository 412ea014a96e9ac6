"""Files in and out of a running container, the same for every engine."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from pathlib import Path

import pytest
from tests.bus import world

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import (
    EngineError,
    InvalidArgumentError,
    NotFoundError,
    WrongStateError,
)
from cloche_engine.api.model import Copied


def archive(**files: bytes) -> bytes:
    """A tar archive of a folder `top` with these files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        top = tarfile.TarInfo("top")
        top.type, top.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(top)
        for name, content in files.items():
            member = tarfile.TarInfo(f"top/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    """Name and content of every file of an archive."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        files = [member for member in tar if member.isreg()]
        return {each.name: content.read() for each in files if (content := tar.extractfile(each))}


async def copy_in(engine: Engine, path: str, data: bytes) -> Copied:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(data)

    writer = asyncio.ensure_future(asyncio.to_thread(write))
    try:
        return await engine.copy_in("box", path, reading)
    finally:
        os.close(reading)
        await asyncio.gather(writer, return_exceptions=True)


async def copy_out(engine: Engine, path: str) -> tuple[Copied, bytes]:
    reading, writing = os.pipe()

    def read() -> bytes:
        with os.fdopen(reading, "rb") as stream:
            return stream.read()

    reader = asyncio.ensure_future(asyncio.to_thread(read))
    try:
        copied = await engine.copy_out("box", path, writing)
    finally:
        os.close(writing)
        await asyncio.gather(reader, return_exceptions=True)
    return copied, reader.result()


@pytest.mark.usefixtures("running")
async def test_what_goes_in_comes_out_again(engine: Engine) -> None:
    files = {"one": b"1" * 70_000, "two": b"2"}
    copied = await copy_in(engine, "/tmp", archive(**files))  # noqa: S108
    assert (copied.files, copied.size, copied.left_out) == (3, 70_001, 0)
    came, data = await copy_out(engine, "/tmp/top")  # noqa: S108
    assert (came.files, came.size) == (3, 70_001)
    assert contents(data) == {f"top/{name}": content for name, content in files.items()}


@pytest.mark.usefixtures("running")
async def test_a_path_that_is_none_is_the_new_name(engine: Engine) -> None:
    await copy_in(engine, "/tmp/renamed", archive(one=b"1"))  # noqa: S108
    _, data = await copy_out(engine, "/tmp/renamed/one")  # noqa: S108
    assert contents(data) == {"one": b"1"}


@pytest.mark.usefixtures("running")
async def test_a_single_file_comes_out_under_its_name(engine: Engine) -> None:
    copied, data = await copy_out(engine, "/etc/hostname")
    assert copied.files == 1
    assert list(contents(data)) == ["hostname"]


@pytest.mark.usefixtures("running")
async def test_what_does_not_exist_is_told_by_its_path(engine: Engine) -> None:
    with pytest.raises(NotFoundError, match="/no/where does not exist") as refused:
        await copy_out(engine, "/no/where")
    assert refused.value.hint
    with pytest.raises(NotFoundError, match="the directory /no/where does not exist"):
        await copy_in(engine, "/no/where/at-all", archive())


@pytest.mark.usefixtures("running")
async def test_a_relative_path_and_what_is_no_pipe_are_refused(engine: Engine) -> None:
    with pytest.raises(InvalidArgumentError):
        await copy_out(engine, "etc/hostname")
    with Path(os.devnull).open("wb") as device, pytest.raises(InvalidArgumentError):
        await engine.copy_out("box", "/etc/hostname", device.fileno())


@pytest.mark.usefixtures("running")
async def test_a_torn_archive_is_an_error(engine: Engine) -> None:
    with pytest.raises(EngineError) as refused:
        await copy_in(engine, "/tmp", archive(one=b"1" * 9000)[:3000])  # noqa: S108
    assert refused.value.hint


async def test_only_what_runs_can_be_copied_from(engine: Engine) -> None:
    await engine.define(world.shell("box"))
    with pytest.raises(WrongStateError):
        await copy_out(engine, "/etc/hostname")
