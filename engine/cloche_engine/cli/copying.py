"""`copy`: files out of a container and into it, as tar streams through a pipe of ours."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
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
_ANOTHER = "choose an empty folder, or another name, on a filesystem that takes such files"


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


async def _out(engine: Engine, container: str, path: str, target: Path) -> Copied:
    """Into a folder that is there; otherwise under that name. What is in / has no name to be under.

    The name is chosen here: what comes was written at the container's end.
    """
    folder, name = _place(path, target)
    descriptor = _opened(folder)
    reading, writing = os.pipe()
    unpacker = Unpacker(
        descriptor, _NO_END, lambda _: None, Way(owners=False, name=name, bare=not name)
    )
    unpacking = _in_thread(lambda: _unpack(reading, unpacker, folder / name))
    try:
        copied = await _both(engine.copy_out(container, path, writing), writing, unpacking)
    except EngineError as error:
        raise _with_what_stays(error, unpacker, folder / name) from None
    finally:
        os.close(descriptor)
    return copied


def _opened(folder: Path) -> int:
    try:
        return os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise EngineError(
            f"nothing can be put into {folder}: {error.strerror}",
            "name a folder that is there, or make this one first",
        ) from error


def _place(path: str, target: Path) -> tuple[Path, str]:
    if target.is_dir():
        return target, Path(os.path.normpath(path)).name
    return target.parent, target.name


async def _both(copying: Awaitable[Copied], writing: int, unpacking: asyncio.Task[None]) -> Copied:
    """Wait for both ends of the pipe; where one fails the other does too, and the cause is told."""
    try:
        copied = await copying
    except EngineError:
        os.close(writing)
        with contextlib.suppress(_TornError):
            await unpacking
        raise
    os.close(writing)
    await unpacking
    return copied


def _with_what_stays(error: EngineError, unpacker: Unpacker, made: Path) -> EngineError:
    """It is named and not removed: some of it may have been there before."""
    if not unpacker.files or not os.path.lexists(made):
        return error
    stays = f"{error.message}; what came until then stays in {made}"
    return type(error)(stays, error.hint, error.details)


class _TornError(EngineError):
    """What came broke off, as it does where the engine gives up."""


def _unpack(source: int, unpacker: Unpacker, made: Path) -> None:
    with os.fdopen(source, "rb") as stream:
        try:
            unpack_stream(stream, unpacker)
        except ArchiveRefusedError as refusal:
            kind = _TornError if refusal.torn else EngineError
            hint = refusal.hint or _ANOTHER
            raise kind(f"{made} cannot be written: {refusal}", hint) from None


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
    with os.fdopen(sink, "wb") as stream, Packer(stream, owners=False) as packer:
        packer.pack(opened, name)


def _in_thread(work: Callable[[], None]) -> asyncio.Task[None]:
    return asyncio.ensure_future(asyncio.to_thread(work))
