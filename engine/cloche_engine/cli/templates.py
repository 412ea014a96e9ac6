"""`template`: the root trees that containers are made from."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from cloche_engine.api.client import Engine
from cloche_engine.api.templates import Progress, Tell, Template, silent
from cloche_engine.cli import files, words

_CLEAR = "\r\x1b[K"


async def template(engine: Engine, options: argparse.Namespace) -> int:
    """One of list, add, remove, debootstrap."""
    return await _ACTIONS[options.action](engine, options)


async def _list(engine: Engine, options: argparse.Namespace) -> int:
    found = await engine.templates.all()
    if options.json:
        words.print_json(list(map(asdict, found)))
    elif found:
        print(words.table([("NAME", "SIZE", "FILES", "FROM", "USED BY"), *map(_row, found)]))
    else:
        print("There are no templates yet; make one with `clochectl template add NAME DIR|TAR`.")
    return 0


def _row(one: Template) -> tuple[str, ...]:
    files, used = str(one.files) if one.files else "-", ", ".join(one.used_by) or "-"
    size = words.mebibytes(one.size) if one.files else "-"
    return one.name, size, files, one.source or "-", used


async def _add(engine: Engine, options: argparse.Namespace) -> int:
    """The caller opens what it names: the helper reads nothing that the caller could not."""
    source = files.opened(options.source)
    try:
        return await _made(options, lambda tell: engine.templates.add(options.name, source, tell))
    finally:
        os.close(source)


async def _debootstrap(engine: Engine, options: argparse.Namespace) -> int:
    return await _made(
        options, lambda tell: engine.templates.debootstrap(options.name, options.suite, tell)
    )


async def _remove(engine: Engine, options: argparse.Namespace) -> int:
    await engine.templates.remove(options.name)
    if options.json:
        words.print_json({"removed": options.name})
    else:
        print(f"{words.printable(options.name)}: removed")
    return 0


async def _made(options: argparse.Namespace, work: Callable[[Tell], Awaitable[Template]]) -> int:
    """Show how far it is where somebody looks; an interrupt cancels it, and nothing is left."""
    shown = sys.stderr.isatty()
    try:
        made = await work(_tell if shown else silent)
    except asyncio.CancelledError:
        print(f"{_CLEAR if shown else ''}cancelled; nothing of it is left", file=sys.stderr)
        raise
    finally:
        if shown:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
    if options.json:
        words.print_json(asdict(made))
    else:
        size, files = words.mebibytes(made.size), words.counted(made.files, "file", "files")
        name = words.printable(made.name)
        print(f"{name}: made of {files}, {size}; in the <container> of a definition write")
        print(f"<filesystem type='template'><template>{name}</template></filesystem>")
    return 0


def _tell(progress: Progress) -> None:
    share = f"{100 * progress.done // progress.total:3} % " if progress.total else ""
    line = words.printable(share + progress.words)
    width = shutil.get_terminal_size().columns - 1
    print(f"{_CLEAR}{line[:width]}", end="", file=sys.stderr, flush=True)


_ACTIONS = {"list": _list, "add": _add, "remove": _remove, "debootstrap": _debootstrap}
