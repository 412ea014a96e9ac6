"""A program waits for those who read what it says, and never long for anybody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from cloche_engine.monitor.loop import Loop
from cloche_engine.monitor.viewer import Viewer

_LOOK = 0.1
"""Seconds between two looks while a program is held."""


class Holding:
    """Whether a program is held, and for whom: everyone far behind whose patience is not spent.

    `look_again` is called while it is held, for nothing else may happen then.
    """

    def __init__(self, loop: Loop, look_again: Callable[[], None]) -> None:
        self._loop, self._look_again = loop, look_again
        self._waited_for: list[Viewer] = []
        self._since = 0.0
        self._will_look = False

    @property
    def is_on(self) -> bool:
        """Whether the program's terminal is not to be read now."""
        return bool(self._waited_for)

    def regard(self, viewers: Sequence[Viewer], far: int) -> bool:
        """Decide anew, where `far` is how many bytes make a viewer be waited for; True: changed."""
        was_on = self.is_on
        if was_on:
            self._charge()
        self._waited_for = [each for each in viewers if each.behind > far and each.patience.is_left]
        if self.is_on and not was_on:
            self._since = time.monotonic()
        if self.is_on and not self._will_look:
            self._will_look = True
            self._loop.later(_LOOK, self._look)
        return self.is_on != was_on

    def _charge(self) -> None:
        now = time.monotonic()
        # Where we were stopped ourselves, the viewers could not take anything.
        waited, self._since = min(now - self._since, 2 * _LOOK), now
        for each in self._waited_for:
            each.patience.spend(waited)

    def _look(self) -> None:
        self._will_look = False
        if self.is_on:
            self._look_again()
