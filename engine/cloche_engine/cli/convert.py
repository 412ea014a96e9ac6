"""`convert` and `spec`: what a definition of any dialect means, and in another dialect."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from cloche_engine.cli import files, words
from cloche_engine.definition.converting.conversion import Conversion, converted
from cloche_engine.definition.converting.loss import Loss
from cloche_engine.definition.converting.spec_json import Json, to_json
from cloche_engine.definition.converting.wording import in_words
from cloche_engine.definition.dialects.dialect import Dialect, Reading
from cloche_engine.definition.problem import Problem
from cloche_engine.definition.reading import read

LOST = 3
"""Exit status of `--strict` where the target cannot say everything."""


def convert(options: argparse.Namespace) -> int:
    """The document on standard output, warnings and what is lost on the other; --json: in one."""
    done = converted(_read(options), Dialect(options.target), options.name)
    if options.json:
        words.print_json(_document(done, options))
    _refuse(done.errors, options)
    _warn(done.problems, options)
    if not options.json and done.text is not None:
        for line in _told(done, options.target):
            print(words.printable(f"{files.shown(options.file)}: {line}"), file=sys.stderr)
        files.write_out(done.text)
    lost = any(not loss.is_added for loss in done.losses)
    return LOST if options.strict and lost else 0


def spec(options: argparse.Namespace) -> int:
    """The canonical JSON of what a document means."""
    reading = _read(options)
    _refuse(reading.errors, options)
    _warn(reading.problems, options)
    if reading.spec is not None:
        indent = None if options.json else 2
        print(json.dumps(to_json(reading.spec), ensure_ascii=False, indent=indent))
    return 0


def _read(options: argparse.Namespace) -> Reading:
    dialect = Dialect(options.source) if options.source else None
    number = files.number(options.file) or getattr(options, "name", None)
    return read(files.read(options.file), dialect, number, overrides=dialect is not None)


def _refuse(errors: tuple[Problem, ...], options: argparse.Namespace) -> None:
    if errors:
        raise files.refusal(errors, options.file)


def _warn(problems: tuple[Problem, ...], options: argparse.Namespace) -> None:
    """How the original was understood where that is not plain, as the order of an idmap's ids."""
    if not options.json:
        for problem in problems:
            print(words.printable(problem.render(files.shown(options.file))), file=sys.stderr)


def _document(done: Conversion, options: argparse.Namespace) -> dict[str, Json]:
    return {
        "from": done.dialect,
        "to": options.target,
        "document": None if done.text is None else done.text.decode(),
        "losses": [asdict(loss) for loss in done.losses],
        "kept": [asdict(entry) for entry in done.kept],
        "problems": [asdict(problem) for problem in done.problems],
        "refused": [asdict(problem) for problem in done.refused],
    }


def _told(done: Conversion, target: str) -> Iterator[str]:
    yield from map(_sentence, done.losses)
    for entry in done.kept:
        yield f"kept: {entry.path}: in <kept>, without an effect in {target}"
    yield from map(_refusal, done.refused)


def _sentence(loss: Loss) -> str:
    if loss.is_gone:
        return f"lost: {loss.path}: {in_words(loss.path, loss.value)}: {loss.why}"
    now = in_words(loss.path, loss.now)
    if loss.is_added:
        return f"added: {loss.path}: {now}: {loss.why}"
    was = in_words(loss.path, loss.value)
    return f"changed: {loss.path}: {was} is now {now}: {loss.why}"


def _refusal(problem: Problem) -> str:
    hint = f"; {problem.hint}" if problem.hint else ""
    return f"to be corrected: line {problem.line}: {problem.code}: {problem.reason}{hint}"
