"""A `<domain>` with something in it, as the readers of its parts take it."""

from __future__ import annotations

from collections.abc import Iterable

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.text.markup import Layout, Markup
from cloche_engine.definition.text.source import read_source
from cloche_engine.definition.text.tree import parse_tree


def domain(inside: str, head: str = "<domain type='lxc'>") -> Report:
    """A report on a domain that holds this."""
    return Report(parse_tree(read_source(f"{head}\n{inside}\n</domain>\n".encode())))


def written(markup: Iterable[Markup]) -> str:
    """Elements as text, one below the other."""
    return "\n".join(entry.render(Layout()) for entry in markup)


def codes(report: Report) -> list[str]:
    """The codes of the errors."""
    return [problem.code for problem in report.problems() if problem.is_error]
