"""The machine's pseudoterminals, which all containers on it share: for tests that take them all."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RESERVE = Path("/proc/sys/kernel/pty/reserve")
_MOST = Path("/proc/sys/kernel/pty/max")


@contextmanager
def none_free() -> Iterator[None]:
    """No container gets a terminal: all are kept for those of the host's own mount namespace.

    It waits for whoever has them `needed`, and for another run that keeps them.
    """
    with _RESERVE.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = _RESERVE.read_text()
        _RESERVE.write_text(_MOST.read_text())
        try:
            yield
        finally:
            _RESERVE.write_text(before)


@contextmanager
def needed() -> Iterator[None]:
    """Nobody keeps them meanwhile: for containers that start beside the tests of the kernel."""
    with _RESERVE.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
