"""Definitions that say more than a start can pass on: refused in a sentence, nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kernel.box import Box, Definition, left_in
from tests.kernel.test_failures import failure

from cloche_engine.core.engine import LocalEngine
from cloche_engine.monitor.protocol import MAX_PLAN

pytestmark = pytest.mark.kernel

LATIN = b"<?xml version='1.0' encoding='iso-8859-1'?>\n"
"""Each \xe4 is one byte of the document, and two of an argument."""


async def defined(engine: LocalEngine, root: Path, *words: str) -> Box:
    """A container of a document that is as short as it can be."""
    text = Definition(root=root, program=("/bin/echo", *words)).text()
    return Box(engine, await engine.define(LATIN + text.decode().encode("latin-1")))


def left(runtimes: Path) -> list[str]:
    """What a failed start left there."""
    return [name for name in left_in(runtimes) if not name.endswith(".lock")]


async def mended(box: Box, root: Path) -> str:
    """What it says with a short argument."""
    stored = await box.engine.definition(box.uuid)
    text = Definition(root=root, program=("/bin/echo", "short")).text()
    text = text.replace(b"<container>", f"<uuid>{box.uuid}</uuid><container>".encode())
    await box.engine.define(text, stored.etag)
    await box.start()
    return await box.said()


async def test_an_argument_larger_than_the_kernel_takes_is_named_with_its_line(
    engine: LocalEngine, root: Path, tmp_path: Path
) -> None:
    box = await defined(engine, root, "\xe4" * 68_000)
    error = await failure(box)
    assert error.message == (
        "box did not start: its arguments and variables are larger than the kernel takes"
    )
    assert "shorten <arg> and <env>" in error.hint
    assert (error.details["name"], error.details["line"]) == ("E2BIG", "2")
    assert left(tmp_path / "state/run") == []
    assert await mended(box, root) == "short\r\n"


async def test_the_largest_argument_that_the_kernel_takes_arrives(
    engine: LocalEngine, root: Path
) -> None:
    box = await defined(engine, root, "\xe4" * 65_000)
    await box.start()
    assert (await box.said()).strip() == "\xe4" * 65_000


async def test_more_than_a_start_can_pass_on_is_refused_before_it_begins(
    engine: LocalEngine, root: Path, tmp_path: Path
) -> None:
    box = await defined(engine, root, "\xe4" * 50_000, "\xe4" * 50_000)
    error = await failure(box)
    assert error.message.startswith("box did not start: its definition says too much: ")
    assert f"where a start takes {MAX_PLAN >> 10} KiB" in error.message
    assert "name fewer filesystems" in error.hint
    assert left(tmp_path / "state/run") == []
