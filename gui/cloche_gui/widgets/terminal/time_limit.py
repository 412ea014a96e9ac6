"""A bound on the time of a regular expression: some take for ever on some text."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in the block after this time; for the main thread only.

    The interpreter's matcher looks for signals while it runs, so even one match can be ended.
    """
    before = signal.signal(signal.SIGALRM, _expired)
    rest, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, rest)
        signal.signal(signal.SIGALRM, before)


def _expired(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError("the search took too long")
