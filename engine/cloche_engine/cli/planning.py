"""`plan` and `diff`: what a definition would change, before anything is changed."""

from __future__ import annotations

import argparse
import shlex
import sys

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import InvalidArgumentError, NameTakenError
from cloche_engine.api.model import Container
from cloche_engine.cli import files, neighbours, words
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.edit import set_uuid
from cloche_engine.definition.planning.plan import Plan, Step, make_plan, unified_diff


async def plan(engine: Engine, options: argparse.Namespace) -> int:
    """Every change in words, as what is felt now and what waits, and the diff."""
    container, stored, wanted = await _both(engine, options)
    found = make_plan(stored, wanted, running=container.state.is_live)
    await _refuse_taken(engine, container, wanted.compiled().name)
    if options.json:
        words.print_json({"name": container.name, **_document(found)})
    else:
        for problem in neighbours.beside(wanted.compiled(), (), wanted.tree):
            print(words.printable(problem.render(files.shown(options.file))), file=sys.stderr)
        print(words.printable_lines(_text(found)), end="")
    return 0


async def diff(engine: Engine, options: argparse.Namespace) -> int:
    """The lines that differ, as `diff -u` shows them."""
    container, stored, wanted = await _both(engine, options)
    found = unified_diff(stored, wanted)
    if options.json:
        words.print_json({"name": container.name, "diff": found})
    else:
        print(words.printable_lines(found), end="")
    return 0


async def _refuse_taken(engine: Engine, container: Container, name: str) -> None:
    """What define would not take is no plan: a name that another container has."""
    if any(each.name == name and each.uuid != container.uuid for each in await engine.containers()):
        raise NameTakenError(
            f"{container.name!r} would be named {name!r}, but there is a container named {name!r}",
            f"if that one is meant: `clochectl plan {shlex.quote(name)} FILE`; or rename this one",
        )


async def _both(
    engine: Engine, options: argparse.Namespace
) -> tuple[Container, Document, Document]:
    wanted = Document.parse(files.read(options.file))
    if wanted.errors:
        raise files.refusal(wanted.errors, options.file)
    container = await engine.container(options.name)
    stored = Document.parse((await engine.definition(container.uuid)).text)
    uuid = wanted.compiled().uuid
    if uuid not in {None, container.uuid}:
        raise InvalidArgumentError(
            f"the uuid in {files.shown(options.file)} is another container's, "
            f"{container.name!r} has {container.uuid}",
            "name the container that is meant, or take <uuid> out",
        )
    return container, stored, wanted if uuid else set_uuid(wanted, container.uuid)


def _document(found: Plan) -> dict[str, object]:
    return {
        "running": found.running,
        "summary": found.summary,
        "steps": [
            {"path": step.path, "text": step.sentence, "when": str(step.effect)}
            for step in found.steps
        ],
        "diff": found.diff,
    }


def _text(found: Plan) -> str:
    parts = [found.summary]
    for title, steps in (("Now", found.now), ("Next start", found.later)):
        if steps:
            parts.append(f"\n{title}:\n{_list(steps)}")
    return "\n".join([*parts, "", found.diff]) if found.diff else f"{found.summary}\n"


def _list(steps: tuple[Step, ...]) -> str:
    return "\n".join(f"  {step.sentence}" for step in steps)
