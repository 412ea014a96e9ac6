"""For how long a program may be held up by one who looks at it."""

from __future__ import annotations

LONGEST = 0.5
"""Seconds. A window that opens a dialog or a page rests for less; a person hardly notices."""
PACE = 1_000_000
"""Bytes a second that everybody can show, and few programs say for long."""


class Patience:
    """A bucket of seconds: waiting empties it, each byte that the viewer takes fills it again.

    So a viewer holds a program for `longest` at most, and for a second more per `PACE` bytes that
    it really takes: whoever stops reading does so once, and whoever reads a little now and then
    makes it no slower than `PACE`. Once empty it counts again when it is full. A newcomer's is
    full: whoever may look may type, and so stop the program with Ctrl+S anyway.
    """

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = self._seconds = longest
        self.is_left = True

    def take(self, count: int) -> None:
        """The viewer has taken so many bytes."""
        self._seconds = min(self._seconds + count / PACE, self._longest)
        if self._seconds == self._longest:
            self.is_left = True

    def spend(self, seconds: float) -> None:
        """The program was held for this long."""
        self._seconds = max(0.0, self._seconds - seconds)
        if not self._seconds:
            self.is_left = False
