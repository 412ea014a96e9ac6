"""Words of a text format that were probably meant otherwise."""

from __future__ import annotations

from collections.abc import Callable

from cloche_engine.definition.checking import fixes
from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.schema.model import nearest


def did_you_mean(
    word: str, known: tuple[str, ...], edit: Callable[[str], TextEdit], otherwise: str
) -> tuple[str, tuple[Fix, ...]]:
    """The hint and the fix that edit makes of the nearest known word, without one `otherwise`."""
    meant = nearest(word, known)
    if meant is None:
        return otherwise, ()
    made = edit(meant)
    return f"did you mean {meant}?", (Fix(fixes.DID_YOU_MEAN, f"write {made.text}", (made,)),)
