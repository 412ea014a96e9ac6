"""Which modes of a terminal a program has set, so that they outlive the bytes that set them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# RIS, or DECSET and DECRST with their numbers (xterm's ctlseqs).
_CHANGES = re.compile(rb"\x1bc|\x1b\[\?([0-9;]{1,64})([hl])")
_OFF_AT_FIRST = (1049, 1047, 47, 1, 5, 1000, 1002, 1003, 1004, 1006, 1015, 1016, 2004)
_ON_AT_FIRST = (7, 25)
_KNOWN = frozenset((*_OFF_AT_FIRST, *_ON_AT_FIRST))
_ALTERNATE = frozenset((1049, 1047, 47))


class Modes:
    """The modes that differ from those of a new terminal; does not change."""

    def __init__(self, changed: Iterable[int] = ()) -> None:
        self._changed = frozenset(changed)

    def after(self, output: bytes | memoryview) -> Modes:
        """What they are when the program has said this too."""
        changed = set(self._changed)
        for found in _CHANGES.finditer(output):
            if found[1] is None:
                changed.clear()
                continue
            numbers = {int(each) for each in found[1].split(b";") if each} & _KNOWN
            news = {each for each in numbers if (found[2] == b"h") != (each in _ON_AT_FIRST)}
            changed = (changed - numbers) | news
        return self if changed == self._changed else Modes(changed)

    @property
    def alternate_screen(self) -> bool:
        """Whether a program has the whole screen for itself."""
        return bool(self._changed & _ALTERNATE)

    def sequences(self) -> bytes:
        """What sets them in a new terminal, the alternate screen before all others."""
        return b"".join(
            b"\x1b[?%d%c" % (each, b"l" if each in _ON_AT_FIRST else b"h")
            for each in (*_OFF_AT_FIRST, *_ON_AT_FIRST)
            if each in self._changed
        )
