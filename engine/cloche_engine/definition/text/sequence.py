"""Changes a list of sibling elements into another with as few edits as possible."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Edits(Generic[Item]):
    """What to do at an index of the present list; indices are valid from the last to the first.

    `insert(i, item)` puts it in front of the i-th, at the end where there is none.
    """

    update: Callable[[int, Item], None]
    insert: Callable[[int, Item], None]
    remove: Callable[[int], None]


def change(present: Sequence[Item], wanted: Sequence[Item], edits: Edits[Item]) -> None:
    """Call the edits that turn present into wanted, from the end to the beginning."""
    head = _same(present, wanted)
    tail = _same(present[head:][::-1], wanted[head:][::-1])
    old, new = present[head : len(present) - tail], wanted[head : len(wanted) - tail]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, end, first, last in reversed(matcher.get_opcodes()):
        if kind == "equal":
            continue
        low, high = start + head, end + head
        items = new[first:last]
        common = min(high - low, len(items))
        for at in range(high - 1, low + common - 1, -1):
            edits.remove(at)
        for item in reversed(items[common:]):
            edits.insert(low + common, item)
        for offset in range(common - 1, -1, -1):
            edits.update(low + offset, items[offset])


def _same(one: Sequence[Item], two: Sequence[Item]) -> int:
    """How many items are equal at the beginning; what matches there costs no search."""
    pairs = zip(one, two, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(two)))
