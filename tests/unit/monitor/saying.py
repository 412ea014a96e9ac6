"""What a program says, on its way into a ring."""

from __future__ import annotations

import os

from cloche_engine.monitor.ring import Ring

_PIPE = 32 * 1024


def say(ring: Ring, payload: bytes) -> None:
    """The program says this."""
    reading, writing = os.pipe()
    try:
        for at in range(0, len(payload), _PIPE):
            left = os.write(writing, payload[at : at + _PIPE])
            while left:
                left -= ring.fill(reading, left)
    finally:
        os.close(reading)
        os.close(writing)
