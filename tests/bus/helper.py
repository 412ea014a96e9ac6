"""The real helper program with the in-memory engine: `python -m tests.bus.helper DIR [IDLE]`."""

from __future__ import annotations

import sys
from pathlib import Path

from cloche_engine.api.client import Engine
from cloche_engine.api.fake import FakeEngine
from cloche_engine.daemon.__main__ import run


async def in_memory(_directory: Path, _runtime: Path, _instance: str) -> Engine:
    """An empty engine that needs no privileges."""
    return FakeEngine()


if __name__ == "__main__":
    private = None if sys.argv[1] == "system" else Path(sys.argv[1])
    sys.exit(run(private, float(sys.argv[2]) if len(sys.argv) > 2 else 60.0, in_memory))
