"""Processors that answer at once while somebody waits (Documentation/power/pm_qos_interface.rst).

A start wakes a sleeping processor twenty times, and each needs 20 us in a virtual machine and up to
a millisecond in a laptop to be back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from pathlib import Path

_AT_ONCE = struct.pack("=i", 0)
_WHENEVER = struct.pack("=i", 2_000_000_000)
_SECONDS = 0.03
"""A start and the program's first words; what takes longer does not wait for processors."""


class Wakefulness:
    """A request to the kernel that is made for a moment; nothing where it takes none."""

    def __init__(self, device: Path = Path("/dev/cpu_dma_latency")) -> None:
        self._request = -1
        self._end: asyncio.TimerHandle | None = None
        with contextlib.suppress(OSError):
            self._request = os.open(device, os.O_WRONLY | os.O_CLOEXEC)

    def ask(self) -> None:
        """Let no idle processor sleep for the next 30 ms."""
        if self._request < 0:
            return
        if self._end is None:
            os.write(self._request, _AT_ONCE)
        else:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(_SECONDS, self._withdraw)

    def _withdraw(self) -> None:
        self._end = None
        os.write(self._request, _WHENEVER)

    def close(self) -> None:
        """Take the request back; safe to repeat."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if self._request >= 0:
            os.close(self._request)
            self._request = -1
