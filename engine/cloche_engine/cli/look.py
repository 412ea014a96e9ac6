"""Commands that only look: list, show, xml, logs."""

from __future__ import annotations

import argparse
import sys

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import NotFoundError, WrongStateError
from cloche_engine.api.model import Container
from cloche_engine.cli import words
from cloche_engine.cli.stats import limits


async def show_all(engine: Engine, options: argparse.Namespace) -> int:
    """All containers in a table."""
    containers = await engine.containers()
    if options.json:
        words.print_json([words.document(container) for container in containers])
    elif containers:
        print(words.table([words.HEADINGS, *map(words.row, containers)]))
    else:
        print("There are no containers yet; make one with `clochectl define FILE`.")
    return 0


async def show(engine: Engine, options: argparse.Namespace) -> int:
    """One container."""
    container = await engine.container(options.name)
    if options.json:
        words.print_json(words.document(container))
    else:
        print(words.table([*words.facts(container), *await _limits(engine, container)]))
    return 0


async def _limits(engine: Engine, container: Container) -> list[tuple[str, str]]:
    """Those that hold it while it runs."""
    try:
        return limits(await engine.stats(container.uuid)) if container.pid else []
    except (NotFoundError, WrongStateError):  # it has just ended
        return []


async def xml(engine: Engine, options: argparse.Namespace) -> int:
    """The stored definition, byte for byte; as JSON with its etag."""
    stored = await engine.definition(options.name)
    if options.json:
        text = stored.text.decode(errors="replace")
        words.print_json({"definition": text, "etag": stored.etag})
    else:
        _print_bytes(stored.text)
    return 0


async def logs(engine: Engine, options: argparse.Namespace) -> int:
    """What the console said last: byte for byte, but on a terminal none of it is obeyed."""
    said = await engine.logs(options.name)
    if options.json:
        words.print_json({"output": said.decode(errors="replace")})
    elif sys.stdout.isatty():
        print(words.printable_lines(said.decode(errors="replace")), end="")
    else:
        _print_bytes(said)
    return 0


def _print_bytes(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
