"""Words of a text format that were probably meant otherwise."""

from __future__ import annotations

from collections.abc import Callable

from cloche_engine.definition.checking import fixes
from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.schema.model import nearest

_COMMON = "lxc."
_LIKENESS = 0.7


def did_you_mean(
    word: str, known: tuple[str, ...], edit: Callable[[str], TextEdit], otherwise: str
) -> tuple[str, tuple[Fix, ...]]:
    """The hint and the fix that edit makes of the nearest known word, without one `otherwise`."""
    meant = _nearest(word, known)
    if meant is None:
        return otherwise, ()
    made = edit(meant)
    return f"did you mean {meant}?", (Fix(fixes.DID_YOU_MEAN, f"write {made.text}", (made,)),)


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The nearest one; `lxc.`, with which all keys of LXC begin, makes no two of them alike."""
    tails = {each.removeprefix(_COMMON): each for each in known}
    meant = nearest(word.removeprefix(_COMMON), tuple(tails), _LIKENESS)
    return tails[meant] if meant is not None else None
