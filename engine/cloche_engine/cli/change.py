"""Commands that change something: define, undefine, start, stop, kill, pause, resume, restart."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Awaitable

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import (
    InvalidArgumentError,
    InvalidDefinitionError,
    NameTakenError,
    NotFoundError,
)
from cloche_engine.api.hearing import is_dropped
from cloche_engine.api.model import Container, StoredDefinition
from cloche_engine.cli import files, neighbours, words
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document
from cloche_engine.definition.problem import in_order
from cloche_engine.definition.reading import read


async def define(engine: Engine, options: argparse.Namespace) -> int:
    """Store a definition; one with the uuid of a container takes the place of that one's."""
    text = files.read(options.file)
    document = Document.parse(text)
    if document.errors:
        _refuse_other_dialect(text, options.file)
        raise files.refusal(document.errors, options.file)
    spec = document.compiled()
    stored = await _stored(engine, spec.uuid) if spec.uuid else None
    others = await neighbours.of_one_address(engine, spec)
    networks = await neighbours.here(engine, spec)
    try:
        container = await engine.define(text, stored.etag if stored else "")
    except NameTakenError as error:
        raise (error if spec.uuid else _how_to_change(error, spec.name)) from None
    warnings = (
        *document.problems,
        *neighbours.beside(spec, others, document.tree),
        *networks,
    )
    for problem in in_order(warnings):
        print(words.printable(problem.render(files.shown(options.file))), file=sys.stderr)
    was = _name_in(stored)
    old = was if was != container.name else None
    waiting = _waiting(container, stored, document)
    if old and container.state.is_live and spec.hostname is None:
        waiting.append(f"Host name: {container.name}.")
    return _defined(options, container, old, waiting)


def _name_in(stored: StoredDefinition | None) -> str | None:
    """What the container was called, where that can be read."""
    spec = Document.parse(stored.text).spec if stored else None
    return spec.name if spec else None


def _waiting(
    container: Container, stored: StoredDefinition | None, document: Document
) -> list[str]:
    """What of a change a container that runs feels at its next start only, in sentences."""
    if stored is None or not container.state.is_live:
        return []
    from cloche_engine.definition.planning.plan import make_plan  # noqa: PLC0415  # only here

    plan = make_plan(Document.parse(stored.text), document, running=True)
    return [step.sentence for step in plan.later]


def _defined(
    options: argparse.Namespace, container: Container, old: str | None, waiting: list[str]
) -> int:
    if options.json:
        told = {"renamed_from": old, "next_start": waiting}
        words.print_json({**words.document(container), **told})
        return 0
    name = words.printable(container.name)
    print(f"{name}: defined")
    if old:
        print(f"{name}: renamed {words.printable(old)} to {name}")
    for sentence in waiting:
        print(f"{name}: takes effect at the next start: {words.printable(sentence)}")
    return 0


def _refuse_other_dialect(text: bytes, file: str) -> None:
    dialect = read(text).dialect
    if dialect not in {None, Dialect.LINUXCONTAINER, Dialect.LINUXCONTAINER_V1}:
        raise InvalidDefinitionError(
            f"{files.shown(file)}: this is a definition of {dialect}, not of linuxcontainer",
            f"convert it first: `clochectl convert --to linuxcontainer {file}`",
        )


def _how_to_change(error: NameTakenError, name: str) -> NameTakenError:
    """Who defines a file for the second time has to be told that its uuid is what counts."""
    shown = f"clochectl xml {shlex.quote(name)}"
    hint = f"to change it, edit what `{shown}` prints, with its uuid; or choose another name"
    return NameTakenError(error.message, hint, error.details)


async def _stored(engine: Engine, uuid: str) -> StoredDefinition | None:
    """What is stored for a uuid; a save in its place has to name its etag."""
    try:
        return await engine.definition(uuid)
    except NotFoundError:
        return None


async def undefine(engine: Engine, options: argparse.Namespace) -> int:
    """Remove a container that does not run."""
    container = await engine.container(options.name)
    await engine.undefine(container.uuid)
    if options.json:
        words.print_json({"removed": container.uuid})
    else:
        print(f"{words.printable(container.name)}: removed")
    return 0


async def start(engine: Engine, options: argparse.Namespace) -> int:
    """Start it, and go on in its console where that is asked for."""
    if not options.console:
        return await _done(options, engine.start(options.name), "started")
    from cloche_engine.cli.terminal import console  # noqa: PLC0415  # only with --console

    await engine.start(options.name)
    return await console(engine, options)


async def stop(engine: Engine, options: argparse.Namespace) -> int:
    """Ask it to end, kill it after the timeout."""
    return await _done(options, engine.stop(options.name, _grace(options)), "stopped")


async def kill(engine: Engine, options: argparse.Namespace) -> int:
    """Send a signal to its init, and say where the kernel drops it."""
    number = signal_number(options.signal)
    dropped = is_dropped((await engine.container(options.name)).pid, number)
    container = await engine.kill(options.name, number)
    status = _shown(options, container, "signalled")
    if dropped and container.state.is_live:
        name = words.printable(container.name)
        told = f"its first process does not handle signal {number}, which the kernel then drops"
        print(f"{name}: {told}; `clochectl stop {shlex.quote(name)}` ends it", file=sys.stderr)
    return status


async def pause(engine: Engine, options: argparse.Namespace) -> int:
    """Freeze it."""
    return await _done(options, engine.pause(options.name), "paused")


async def resume(engine: Engine, options: argparse.Namespace) -> int:
    """Let it go on."""
    return await _done(options, engine.resume(options.name), "resumed")


async def restart(engine: Engine, options: argparse.Namespace) -> int:
    """Stop it, then start it."""
    return await _done(options, engine.restart(options.name, _grace(options)), "restarted")


def signal_number(text: str) -> int:
    """A signal from `TERM`, `sigterm` or `15`."""
    name = text.upper()
    if name.isascii() and name.isdecimal() and 1 <= int(name) <= 64:
        return int(name)
    try:
        return signal.Signals["SIG" + name.removeprefix("SIG")].value
    except KeyError:
        raise InvalidArgumentError(
            f"there is no signal {text!r}", "use a name such as TERM or a number from 1 to 64"
        ) from None


def _grace(options: argparse.Namespace) -> float | None:
    seconds: float | None = options.timeout
    return seconds


async def _done(options: argparse.Namespace, work: Awaitable[Container], word: str) -> int:
    return _shown(options, await work, word)


def _shown(options: argparse.Namespace, container: Container, word: str) -> int:
    if options.json:
        words.print_json(words.document(container))
    else:
        print(f"{words.printable(container.name)}: {word}")
    return 0
