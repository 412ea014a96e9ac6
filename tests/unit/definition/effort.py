"""How long an answer takes; a slow day must not fail, an algorithm that grows too fast must."""

from __future__ import annotations

import time
from collections.abc import Callable

PROMISED = 0.3
"""Seconds of processor time for any text that is read; `./dev bench definition` has the figures."""

FAR_TOO_LONG = 3 * PROMISED
"""What a busy machine does not make of it."""


def effort(work: Callable[[], object]) -> float:
    """Seconds of processor time, the least of up to three tries."""
    least = _seconds(work)
    for _ in range(2):
        if least > PROMISED:
            least = min(least, _seconds(work))
    return least


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
