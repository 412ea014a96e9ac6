"""What a terminal may say back to a program that asked.

A program's output must never be able to type for the user, so only answers made of digits and
fixed letters pass: never a title, a clipboard, or text that the program sent.
"""

import re
import time
from collections.abc import Callable

_ANSWERS = re.compile(
    rb"""(?: \x1b\[ [?>]? [0-9;]{1,40} (?: \$y | [cnRu] )      # DA, DSR, DECRQM, keyboard
           | \x1b\[ (?: 8 | 48 ) (?: ;[0-9]{1,6} ){2,4} t        # rows and columns
           | \x1b\] (?: 1[0-2] | 4;[0-9]{1,3} )                   # OSC 4, 10, 11, 12
             ;rgb: [0-9a-f]{4} (?: /[0-9a-f]{4} ){2} (?: \x07 | \x1b\\ )
           | \x1bP ![|] 00000000 \x1b\\                         # DA3
           | \x1bP >[|] libghostty \x1b\\                       # XTVERSION
           | \x1bP [01] \$r [0-9;: ]{0,80} [mqrs]? \x1b\\         # DECRQSS: style, cursor, margins
         )+""",
    re.VERBOSE,
)

QUEUE_LIMIT = 4096
_REFILL_PER_SECOND = 65536


class ReplyQueue:
    """Keeps the replies that are allowed, at most 4 KiB at once; what is more is dropped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting = bytearray()
        self._budget = float(QUEUE_LIMIT)
        self._seen = clock()

    def offer(self, reply: bytes) -> None:
        """Takes a reply if it is one of the known answers and there is room."""
        self._refill()
        if len(reply) <= self._budget and _ANSWERS.fullmatch(reply):
            self._budget -= len(reply)
            self._waiting += reply

    def take(self) -> bytes:
        """All replies that wait; afterwards none does."""
        if not self._waiting:
            return b""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken

    def _refill(self) -> None:
        now = self._clock()
        gained = (now - self._seen) * _REFILL_PER_SECOND
        self._budget = min(self._budget + gained, QUEUE_LIMIT - len(self._waiting))
        self._seen = now
