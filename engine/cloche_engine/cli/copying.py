"""`copy`: files out of a container and into it, as tar streams through a pipe of ours."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Copied
from cloche_engine.api.packing import Packer
from cloche_engine.api.unpacking import ArchiveRefusedError, Quota, Unpacker, Way, unpack_stream
from cloche_engine.cli import files, words
from cloche_engine.cli.options import UsageError

_NO_END = Quota(1 << 62, 1 << 62)


async def copy(engine: Engine, options: argparse.Namespace) -> int:
    """From NAME:PATH to a path here, or from here to NAME:PATH."""
    source, target = _part(options.source), _part(options.target)
    if (source is None) == (target is None):
        raise UsageError(
            "one side of a copy is a container, written NAME:PATH, and the other is not; "
            "write `clochectl copy NAME:/etc/hosts .`, or the other way round"
        )
    if source is not None:
        copied = await _out(engine, *source, Path(options.target))
    else:
        assert target is not None  # noqa: S101 (one of both is there)
        copied = await _in(engine, Path(options.source), *target)
    if options.json:
        words.print_json(asdict(copied))
    else:
        left = f", {copied.left_out} left out" if copied.left_out else ""
        print(f"{copied.files} copied, {words.mebibytes(copied.size)}{left}")
    return 0


def _part(text: str) -> tuple[str, str] | None:
    """Container and path inside; None for a path here, such as ./a:b."""
    name, colon, path = text.partition(":")
    return (name, path) if colon and name and "/" not in name else None


async def _out(engine: Engine, name: str, path: str, target: Path) -> Copied:
    """Into a folder that is there; otherwise under that name."""
    folder, rename = _place(target)
    reading, writing = os.pipe()
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    unpacking = _in_thread(lambda: _unpack(reading, descriptor, rename))
    try:
        copied = await engine.copy_out(name, path, writing)
    except EngineError:
        os.close(writing)
        with contextlib.suppress(EngineError):  # that nothing came: what the engine says is why
            await unpacking
        raise
    else:
        os.close(writing)
        await unpacking
    finally:
        os.close(descriptor)
    return copied


def _place(target: Path) -> tuple[Path, str]:
    return (target, "") if target.is_dir() else (target.parent, target.name)


def _unpack(source: int, folder: int, rename: str) -> None:
    unpacker = Unpacker(folder, _NO_END, lambda _: None, Way(owners=False, name=rename))
    with os.fdopen(source, "rb") as stream:
        try:
            unpack_stream(stream, unpacker)
        except ArchiveRefusedError as refusal:
            raise EngineError(f"it cannot be written here: {refusal}", refusal.hint) from None


async def _in(engine: Engine, source: Path, name: str, path: str) -> Copied:
    opened = files.opened(str(source), os.O_NONBLOCK)
    reading, writing = os.pipe()
    packing = _in_thread(lambda: _pack(opened, source.resolve().name or "root", writing))
    try:
        return await engine.copy_in(name, path, reading)
    finally:
        os.close(reading)
        with contextlib.suppress(BrokenPipeError):  # the other side gave up, and said why
            await packing
        os.close(opened)


def _pack(opened: int, name: str, sink: int) -> None:
    """Whose the files are here means nothing there: they become root's of the container."""
    with os.fdopen(sink, "wb") as stream:
        packer = Packer(stream, owners=False)
        packer.pack(opened, name)
        packer.close()


def _in_thread(work: Callable[[], None]) -> asyncio.Task[None]:
    return asyncio.ensure_future(asyncio.to_thread(work))
