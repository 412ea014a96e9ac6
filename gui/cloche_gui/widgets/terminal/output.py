"""From bytes of the program to the core: in slices, with answers only where they are due."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QObject

from cloche_gui.widgets.terminal.core import Mode, TerminalCore
from cloche_gui.widgets.terminal.news import News
from cloche_gui.widgets.terminal.pacing import Intake

_HOLD_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Heard:
    """Where that goes which output brings about."""

    answer: Callable[[bytes], None]
    news: Callable[[News], None]
    changed: Callable[[int], None]


class Output:
    """The output of one program."""

    def __init__(self, parent: QObject, core: TerminalCore, heard: Heard) -> None:
        self._core, self._heard = core, heard
        self._intake = Intake(parent, self._take)
        self._held_since = 0.0

    @property
    def backlog(self) -> int:
        """Bytes that have not been taken in yet."""
        return self._intake.waiting

    def add(self, data: bytes, *, answer: bool) -> None:
        """Takes this in, as far as time allows; questions in it are answered or not."""
        self._intake.add(data, answer=answer)

    def drop(self) -> None:
        """Forgets what has not been taken in yet."""
        self._intake.drop()

    def is_held(self) -> bool:
        """Whether the program is in the middle of a picture, and has not been for long."""
        if not self._core.mode(Mode.SYNCHRONIZED_OUTPUT):
            self._held_since = 0.0
            return False
        self._held_since = self._held_since or time.monotonic()
        return time.monotonic() - self._held_since < _HOLD_SECONDS

    def _take(self, data: bytes, answer: bool) -> None:
        self._core.feed(data)
        replies, news = self._core.take_replies(), self._core.take_news()
        if replies and answer:
            self._heard.answer(replies)
        if news is not None and answer:
            self._heard.news(news)
        self._heard.changed(len(data))
