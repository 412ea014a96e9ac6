"""Collects the problems of one reading, bounded so that a hostile document cannot make it long."""

from __future__ import annotations

from collections import Counter

from cloche_engine.definition.problem import Fix, Problem, Severity
from cloche_engine.definition.text.tree import Element, Tree

MAX_PROBLEMS = 200

Place = tuple[int, int]
_Words = tuple[str, str, str, tuple[Fix, ...]]


class Report:
    """Problems found in one tree; at most 200 of each severity, then one that says so."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._problems: list[Problem] = []
        self._counts: Counter[Severity] = Counter()

    def error(
        self, code: str, place: Place | Element, reason: str, hint: str = "", *fixes: Fix
    ) -> None:
        """Something that keeps the document from being used."""
        self._add(Severity.ERROR, place, (code, reason, hint, fixes))

    def warning(
        self, code: str, place: Place | Element, reason: str, hint: str = "", *fixes: Fix
    ) -> None:
        """Something that has no effect or not the one that was meant."""
        self._add(Severity.WARNING, place, (code, reason, hint, fixes))

    def is_full(self, severity: Severity) -> bool:
        """Whether further problems of that severity are only counted."""
        return self._counts[severity] >= MAX_PROBLEMS

    def problems(self) -> tuple[Problem, ...]:
        """All of them in order of place."""
        found = sorted(self._problems, key=lambda problem: (problem.line, problem.column))
        return (*found, *self._rest(found))

    def _add(self, severity: Severity, place: Place | Element, words: _Words) -> None:
        if not self.is_full(severity):
            at = self.tree.place(place) if isinstance(place, Element) else place
            code, reason, hint, fixes = words
            self._problems.append(Problem(code, severity, *at, reason, hint, fixes))
        self._counts[severity] += 1

    def _rest(self, found: list[Problem]) -> list[Problem]:
        last = (found[-1].line, found[-1].column) if found else (1, 1)
        return [
            Problem("more", severity, *last, f"{count - MAX_PROBLEMS} more are not listed")
            for severity, count in self._counts.items()
            if count > MAX_PROBLEMS
        ]
