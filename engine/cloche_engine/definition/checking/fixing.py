"""Mends a document by the names of fixes, without touching any other byte."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection
from dataclasses import dataclass

from cloche_engine.definition.problem import Fix, Problem, TextEdit
from cloche_engine.definition.reading import read
from cloche_engine.definition.text.source import RefusedTextError, Source, read_source

_MOST_ROUNDS = 40


class AmbiguousFixError(ValueError):
    """A problem was named that can be mended in more than one way; nothing was changed."""

    def __init__(self, problem: Problem) -> None:
        ways = " or ".join(fix.name for fix in problem.fixes)
        place = f"line {problem.line}, column {problem.column}"
        super().__init__(f"{place}: {problem.code} can be mended by {ways}: name one of them")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Applied:
    """One fix that was made, and the problem that it mended."""

    fix: Fix
    problem: Problem


@dataclass(frozen=True, slots=True)
class Mended:
    """The document after the fixes, what was done, and the codes that nothing answered to."""

    data: bytes
    applied: tuple[Applied, ...] = ()
    unused: tuple[str, ...] = ()


def mend(data: bytes, codes: Collection[str], number: str | None = None) -> Mended:
    """Apply every fix that a code names, itself or by its problem, until none is left.

    A problem's code stands for its fix where it has one; AmbiguousFixError where it has several.
    number is that of the file's name, as for `read`.
    """
    applied: list[Applied] = []
    seen = {data}
    for _ in range(_MOST_ROUNDS):
        changed, done = _round(data, codes, number)
        if changed in seen:
            break
        seen.add(changed)
        data = changed
        applied += done
    return Mended(data, tuple(applied), _unused(codes, applied))


def apply(source: Source, edits: Collection[TextEdit]) -> bytes:
    """The document's bytes after edits that do not overlap."""
    body = source.body
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=_start):
        parts += [body[at : edit.start], edit.text.encode()]
        at = edit.end
    return source.encode(b"".join((*parts, body[at:])))


def _round(data: bytes, codes: Collection[str], number: str | None) -> tuple[bytes, list[Applied]]:
    try:
        source = read_source(data)
    except RefusedTextError:
        return data, []
    taken = _Taken()
    done: list[Applied] = []
    for problem in read(data, number=number).problems:
        fix = _chosen(problem, codes)
        if fix is not None and taken.take(fix.edits):
            done.append(Applied(fix, problem))
    return apply(source, taken.edits), done


def _chosen(problem: Problem, codes: Collection[str]) -> Fix | None:
    named = next((fix for fix in problem.fixes if fix.name in codes), None)
    if named is not None or not problem.fixes or problem.code not in codes:
        return named
    if len(problem.fixes) > 1:
        raise AmbiguousFixError(problem)
    return problem.fixes[0]


class _Taken:
    """Edits in order of place, none of which meets another."""

    def __init__(self) -> None:
        self.edits: list[TextEdit] = []

    def take(self, edits: tuple[TextEdit, ...]) -> bool:
        """Take them all, or none where one meets what is taken; it waits for the next round."""
        if any(map(self._meets, edits)):
            return False
        for edit in edits:
            insort(self.edits, edit, key=_start)
        return True

    def _meets(self, edit: TextEdit) -> bool:
        at = bisect_right(self.edits, edit.start, key=_start)
        before = at > 0 and self.edits[at - 1].end > edit.start
        return before or (at < len(self.edits) and self.edits[at].start < edit.end)


def _start(edit: TextEdit) -> int:
    return edit.start


def _unused(codes: Collection[str], applied: list[Applied]) -> tuple[str, ...]:
    used = {name for each in applied for name in (each.fix.name, each.problem.code)}
    return tuple(code for code in codes if code not in used)
