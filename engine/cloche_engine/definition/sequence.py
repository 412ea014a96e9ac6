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
    matcher = SequenceMatcher(None, present, wanted, autojunk=False)
    for kind, low, high, first, last in reversed(matcher.get_opcodes()):
        if kind == "equal":
            continue
        items = wanted[first:last]
        common = min(high - low, len(items))
        for at in range(high - 1, low + common - 1, -1):
            edits.remove(at)
        for item in reversed(items[common:]):
            edits.insert(low + common, item)
        for offset in range(common - 1, -1, -1):
            edits.update(low + offset, items[offset])
