"""All mistakes of a document that is not well-formed, as far as each can be mended in thought."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cloche_engine.definition.problem import Fix, Problem, TextEdit
from cloche_engine.definition.text.recovery import assumed, is_cut
from cloche_engine.definition.text.source import MAX_BYTES, Places, RefusedTextError, Source
from cloche_engine.definition.text.syntax import explain
from cloche_engine.definition.text.tree import NotWellFormedError, Tree, parse_tree

_MOST = 64
"""Mistakes that are told at once; each costs another reading of the whole text."""

_MOST_BYTES = 4 * MAX_BYTES
"""What is read again for them, so that a large text does not take long."""


class _ShiftedPlaces(Places):
    """Places of a mended body in the text as it was before one edit."""

    def __init__(self, body: bytes, before: Places, edit: TextEdit) -> None:
        super().__init__(body)
        self.before = before
        self.edit = edit

    def place(self, offset: int) -> tuple[int, int]:
        return self.before.place(_shifted(self.edit, offset))


@dataclass(frozen=True, slots=True)
class Broken:
    """What is wrong with the text, and the tree that mending it would give, if that is known.

    The tree tells places of the text as it is; fixes made from it fit only after `refitted`.
    """

    problems: tuple[Problem, ...]
    tree: Tree | None = None
    edits: tuple[TextEdit, ...] = ()
    cut: bool = False

    def refitted(self, problem: Problem) -> Problem:
        """A problem of the tree with fixes for the text as it is."""
        fixes = (_refitted(fix, self.edits) for fix in problem.fixes)
        return replace(problem, fixes=tuple(fix for fix in fixes if fix is not None))


def read_on(source: Source, error: NotWellFormedError) -> Broken:
    """Mend each mistake that has a known repair in thought, and find what comes after it."""
    found = Broken(())
    places = Places(source.body)
    body = source.body
    for _ in range(min(_MOST, _MOST_BYTES // max(len(body), 1))):
        problem = explain(body, places, error)
        found = replace(found, problems=(*found.problems, found.refitted(problem)))
        edit = problem.fixes[0].edits[0] if problem.fixes else assumed(body, error)
        if edit is None:
            return found
        found = replace(found, cut=found.cut or is_cut(error))
        body = body[: edit.start] + edit.text.encode() + body[edit.end :]
        places = _ShiftedPlaces(body, places, edit)
        found = replace(found, edits=(*found.edits, edit))
        try:
            tree = parse_tree(Source(body, source.encoding, source.mark), places)
        except NotWellFormedError as next_error:
            error = next_error
        except RefusedTextError as refused:
            return replace(found, problems=(*found.problems, refused.problem))
        else:
            return replace(found, tree=tree)
    return found


def _shifted(edit: TextEdit, offset: int) -> int:
    """The offset before the edit of one after it."""
    end = edit.start + len(edit.text.encode())
    if offset < end:
        return min(offset, edit.start)
    return offset - end + edit.end


def _refitted(fix: Fix, edits: tuple[TextEdit, ...]) -> Fix | None:
    """The fix on the text before all of the edits; None where it touches one of them."""
    wanted = list(fix.edits)
    for edit in reversed(edits):
        end = edit.start + len(edit.text.encode())
        if any(each.start < end and edit.start < each.end for each in wanted):
            return None
        wanted = [
            TextEdit(_shifted(edit, each.start), _shifted(edit, each.end), each.text)
            for each in wanted
        ]
    return replace(fix, edits=tuple(wanted))
