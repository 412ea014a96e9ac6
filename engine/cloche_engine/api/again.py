"""Starting again what ended: the pause before it, and the words while it waits."""

from __future__ import annotations

import time

LONG_LIFE = 60.0
"""Seconds of life after which an end is no part of a loop any more."""
LONGEST_PAUSE = 60.0
HINT = "stop it to keep it from being started again"


def pause(tries: int, *, at_once: bool = False) -> float:
    """Seconds before the next start: 1, doubled with each try, at most 60.

    at_once: what restarts itself waits for nothing the first time.
    """
    doublings = tries - 1 if at_once else tries
    return 0.0 if doublings < 0 else min(2.0 ** min(doublings, 6), LONGEST_PAUSE)


def waiting_words(why: str, due: float, tries: int) -> str:
    """Why it ended and when it is started again; due is seconds since 1970."""
    at = time.strftime("%H:%M:%S", time.localtime(due))
    often = f", try {tries}" if tries > 1 else ""
    return f"{why}; it is started again at {at}{often}"
