"""`wait`: until a container is in a state."""

from __future__ import annotations

import argparse
import asyncio

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import NotFoundError, TimedOutError, UnavailableError
from cloche_engine.api.model import Change, Container, Removed, State
from cloche_engine.cli import words


async def wait(engine: Engine, options: argparse.Namespace) -> int:
    """Return when it is in the state asked for, or stopped or failed where none was."""
    wanted = {State(options.state)} if options.state else {State.STOPPED, State.FAILED}
    try:
        async with asyncio.timeout(options.timeout):
            container = await _reached(engine, options.name, wanted)
    except TimeoutError:
        now = await engine.container(options.name)
        raise TimedOutError(
            f"{now.name!r} is still {now.state} after {options.timeout:g} s",
            "wait longer, or look at its console",
        ) from None
    if options.json:
        words.print_json(words.document(container))
    else:
        print(f"{words.printable(container.name)}: {words.state_words(container)}")
    return 0


async def _reached(engine: Engine, ref: str, wanted: set[State]) -> Container:
    changes: asyncio.Queue[Change | None] = asyncio.Queue()
    engine.on_lost(lambda: changes.put_nowait(None))
    end = engine.subscribe(changes.put_nowait)
    try:
        container = await engine.container(ref)
        while container.state not in wanted:
            change = await changes.get()
            if change is None:
                raise UnavailableError("the helper went away", "try again")
            if change.uuid != container.uuid:
                continue
            if isinstance(change, Removed):
                raise NotFoundError(f"{container.name!r} was removed meanwhile")
            container = change
        return container
    finally:
        end()
