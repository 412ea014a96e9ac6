"""A list of problems, bounded so that a hostile document cannot make it long."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import Generic, TypeVar

from cloche_engine.definition.problem import Fix, Problem, Severity, in_order

MAX_PROBLEMS = 200

Place = tuple[int, int]
_Where = TypeVar("_Where")
_Words = tuple[str, str, str, tuple[Fix, ...]]


class Listing(ABC, Generic[_Where]):
    """Problems found in one text; at most 200 of each severity, then one that says so."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._counts: Counter[Severity] = Counter()

    @abstractmethod
    def place(self, where: _Where) -> Place:
        """Line and column of what a problem is about."""

    def error(self, code: str, where: _Where, reason: str, hint: str = "", *fixes: Fix) -> None:
        """Something that keeps the document from being used."""
        self._add(Severity.ERROR, where, (code, reason, hint, fixes))

    def warning(self, code: str, where: _Where, reason: str, hint: str = "", *fixes: Fix) -> None:
        """Something that has no effect or not the one that was meant."""
        self._add(Severity.WARNING, where, (code, reason, hint, fixes))

    def is_full(self, severity: Severity) -> bool:
        """Whether further problems of that severity are only counted."""
        return self._counts[severity] >= MAX_PROBLEMS

    def problems(self) -> tuple[Problem, ...]:
        """All of them in order of place."""
        found = in_order(self._problems)
        return (*found, *self._rest(found[-1].place if found else (1, 1)))

    def _add(self, severity: Severity, where: _Where, words: _Words) -> None:
        if not self.is_full(severity):
            code, reason, hint, fixes = words
            problem = Problem(code, severity, *self.place(where), reason, hint, fixes)
            self._problems.append(problem)
        self._counts[severity] += 1

    def _rest(self, last: Place) -> list[Problem]:
        return [
            Problem("more", severity, *last, f"{count - MAX_PROBLEMS} more are not listed")
            for severity, count in self._counts.items()
            if count > MAX_PROBLEMS
        ]
