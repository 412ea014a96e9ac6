"""Reads a document of any dialect: what it means, and all that is wrong with it."""

from __future__ import annotations

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.dialects import recognise, rooms
from cloche_engine.definition.dialects.dialect import TEXTS, Dialect, Reading
from cloche_engine.definition.problem import Problem
from cloche_engine.definition.text.broken import Broken, read_on
from cloche_engine.definition.text.source import RefusedTextError, Source, read_source
from cloche_engine.definition.text.tree import NotWellFormedError, Tree, parse_tree

_MISSING = "missing"
"""What a text that was cut may have had behind its end."""


def read(
    data: bytes,
    dialect: Dialect | None = None,
    number: str | None = None,
    *,
    overrides: bool = False,
) -> Reading:
    """What any bytes mean; a dialect that is named is not recognised again. Nothing is raised.

    number is the one in the file's name, `101` of `101.conf`: there alone OpenVZ writes it. Where
    the dialect overrides, a container of another type, or of none, is read as one of its own.
    """
    try:
        if binary := recognise.looks_binary(data):
            return Reading(dialect, None, (binary,))
        source = read_source(data)
    except RefusedTextError as error:
        return Reading(dialect, None, (error.problem,))
    found = recognise.by_form(source, dialect)
    if isinstance(found, Problem):
        return Reading(dialect, None, (found,))
    if found is Dialect.OPENVZ_CONF:
        return rooms.text_reader(found)(source, number)
    return (
        rooms.text_reader(found)(source)
        if found in TEXTS
        else _read_markup(source, found, overrides)
    )


def _read_markup(source: Source, dialect: Dialect | None, overrides: bool) -> Reading:
    try:
        tree = parse_tree(source)
    except RefusedTextError as error:
        return Reading(dialect, None, (error.problem,))
    except NotWellFormedError as error:
        return _read_broken(source, error, dialect, overrides)
    return _read_tree(tree, dialect, overrides)


def _read_tree(tree: Tree, dialect: Dialect | None, overrides: bool) -> Reading:
    found = dialect or recognise.of_tree(tree)
    if isinstance(found, Problem):
        return Reading(None, None, (found,), tree)
    report = Report(tree)
    if overrides:
        recognise.retype(report, found)
    spec = rooms.tree_reader(found)(report)
    return Reading(found, spec, report.problems(), tree)


def _read_broken(
    source: Source, error: NotWellFormedError, dialect: Dialect | None, overrides: bool
) -> Reading:
    """Only problems: those of the text, and those that a mended one would have."""
    broken = read_on(source, error)
    if broken.tree is None:
        opened = recognise.of_root(error.opened[0]) if error.opened else None
        return Reading(dialect or opened, None, broken.problems)
    mended = _read_tree(broken.tree, dialect, overrides)
    return Reading(mended.dialect, None, (*broken.problems, *_behind(broken, mended)))


def _behind(broken: Broken, mended: Reading) -> tuple[Problem, ...]:
    told = (each for each in mended.problems if not (broken.cut and each.code == _MISSING))
    return tuple(broken.refitted(problem) for problem in told)
