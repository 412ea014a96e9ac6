"""Templates, the same for every engine: made, told of, cancelled, kept while somebody uses them."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from pathlib import Path

import pytest

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import (
    EngineError,
    InvalidArgumentError,
    NameTakenError,
    NotFoundError,
    WrongStateError,
)
from cloche_engine.api.templates import Progress, Template

CONTAINER = (
    b"<domain type='linuxcontainer'><name>box</name><container><filesystem type='template'>"
    b"<template>small</template></filesystem><application>/bin/sh</application></container>"
    b"</domain>"
)


def archive(path: Path, *names: str, mode: str = "w:gz") -> Path:
    """A tar archive of small files."""
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 5
            tar.addfile(member, io.BytesIO(b"hello"))
    return path


async def add(
    engine: Engine, name: str, path: Path, told: list[Progress] | None = None
) -> Template:
    """Make a template as a client does, by a descriptor of its own."""
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return await engine.templates.add(name, source, (told if told is not None else []).append)
    finally:
        os.close(source)


async def names(engine: Engine) -> list[str]:
    return [template.name for template in await engine.templates.all()]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
async def test_a_template_is_made_of_an_archive(engine: Engine, tmp_path: Path, mode: str) -> None:
    told: list[Progress] = []
    made = await add(engine, "small", archive(tmp_path / "tar", "etc/one", "two", mode=mode), told)
    assert (made.name, made.files, made.size, made.used_by) == ("small", 2, 10, ())
    assert made.created > 0
    assert await engine.templates.all() == [made]
    assert told
    assert all(progress.words for progress in told)


async def test_a_template_is_made_of_a_directory(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "tree/etc").mkdir(parents=True)
    (tmp_path / "tree/etc/file").write_text("hello")
    await add(engine, "small", tmp_path / "tree")
    assert await names(engine) == ["small"]


async def test_templates_are_sorted_and_a_name_is_taken_once(
    engine: Engine, tmp_path: Path
) -> None:
    tar = archive(tmp_path / "tar", "file")
    for name in ("b", "a", "c"):
        await add(engine, name, tar)
    assert await names(engine) == ["a", "b", "c"]
    with pytest.raises(NameTakenError) as refused:
        await add(engine, "b", tar)
    assert refused.value.hint


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 64, "a\nb"])
async def test_a_name_that_is_none_is_refused(engine: Engine, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        await add(engine, name, archive(tmp_path / "tar", "file"))
    assert refused.value.hint
    assert await names(engine) == []


async def test_what_is_no_archive_is_refused_and_leaves_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    torn = archive(tmp_path / "torn", "one", "two", mode="w")
    torn.write_bytes(torn.read_bytes()[:600])
    (tmp_path / "text").write_text("no archive" * 1000)
    for path in (torn, tmp_path / "text"):
        with pytest.raises(InvalidArgumentError, match="cannot be unpacked") as refused:
            await add(engine, "small", path)
        assert refused.value.hint
    assert await names(engine) == []
    await add(engine, "small", archive(tmp_path / "whole", "file"))


async def test_a_template_in_use_cannot_be_removed(engine: Engine, tmp_path: Path) -> None:
    await add(engine, "small", archive(tmp_path / "tar", "file"))
    await engine.define(CONTAINER)
    (template,) = await engine.templates.all()
    assert template.used_by == ("box",)
    with pytest.raises(WrongStateError, match="box is made from it") as refused:
        await engine.templates.remove("small")
    assert refused.value.hint
    await engine.undefine("box")
    await engine.templates.remove("small")
    assert await names(engine) == []
    with pytest.raises(NotFoundError):
        await engine.templates.remove("small")


async def test_a_job_that_is_cancelled_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    """A pipe that never ends keeps the job under way until it is cancelled."""
    reading, writing = os.pipe()
    begun = asyncio.Event()
    job = asyncio.ensure_future(engine.templates.add("small", reading, lambda _: begun.set()))
    try:
        head = archive(tmp_path / "tar", "file", mode="w").read_bytes()[:1024]
        os.write(writing, head)
        await asyncio.wait_for(begun.wait(), 20)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(job, 20)
    finally:
        os.close(reading)
        os.close(writing)
    assert await names(engine) == []
    await add(engine, "small", archive(tmp_path / "whole", "file"))


async def test_a_release_that_is_none_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineError) as refused:
        await engine.templates.debootstrap("small", "--help")
    assert refused.value.hint
    assert await names(engine) == []
