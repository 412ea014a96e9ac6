"""Collects the problems of a text format, bounded like those of a tree."""

from __future__ import annotations

from collections import Counter

from cloche_engine.definition.checking.report import MAX_PROBLEMS
from cloche_engine.definition.conf.lines import MAX_ENTRIES, Entry
from cloche_engine.definition.problem import Fix, Problem, Severity
from cloche_engine.definition.text.source import Places, Source

Where = Entry | int


class Findings:
    """Problems found in one text; at most 200 of each severity, then one that says so."""

    def __init__(self, source: Source) -> None:
        self._places = Places(source.body)
        self._problems: list[Problem] = []
        self._counts: Counter[Severity] = Counter()

    def error(self, code: str, where: Where, reason: str, hint: str = "", *fixes: Fix) -> None:
        """Something that keeps the document from being used; an entry stands for its value."""
        self._add(Severity.ERROR, where, (code, reason, hint, fixes))

    def warning(self, code: str, where: Where, reason: str, hint: str = "", *fixes: Fix) -> None:
        """Something that has no effect or not the one that was meant."""
        self._add(Severity.WARNING, where, (code, reason, hint, fixes))

    def too_many_lines(self, where: Where) -> None:
        """Refuse a text whose lines do not end."""
        reason = f"more than {MAX_ENTRIES} lines say something; the rest is not read"
        hint = "a configuration has some dozens of them: check that this is the right file"
        self.error("too-many-lines", where, reason, hint)

    def is_full(self, severity: Severity) -> bool:
        """Whether further problems of that severity are only counted."""
        return self._counts[severity] >= MAX_PROBLEMS

    def place(self, where: Where) -> tuple[int, int]:
        """Line and column of a byte, or of an entry's value."""
        return self._places.place(where.start if isinstance(where, Entry) else where)

    def line(self, where: Where) -> int:
        """The line of a byte or an entry."""
        return self.place(where)[0]

    def problems(self) -> tuple[Problem, ...]:
        """All of them in order of place."""
        found = sorted(self._problems, key=lambda problem: (problem.line, problem.column))
        return (*found, *self._rest(found))

    def _add(
        self, severity: Severity, where: Where, words: tuple[str, str, str, tuple[Fix, ...]]
    ) -> None:
        if not self.is_full(severity):
            code, reason, hint, fixes = words
            place = self.place(where)
            self._problems.append(Problem(code, severity, *place, reason, hint, fixes))
        self._counts[severity] += 1

    def _rest(self, found: list[Problem]) -> list[Problem]:
        last = (found[-1].line, found[-1].column) if found else (1, 1)
        return [
            Problem("more", severity, *last, f"{count - MAX_PROBLEMS} more are not listed")
            for severity, count in self._counts.items()
            if count > MAX_PROBLEMS
        ]
