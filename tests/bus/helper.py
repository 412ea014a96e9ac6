"""The real helper program with the in-memory engine: `python -m tests.bus.helper DIR [IDLE]`.

`system` in place of DIR serves the system bus. A container named `frail` has a bug in its log.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cloche_engine.api.client import Engine
from cloche_engine.api.fake import FakeEngine
from cloche_engine.daemon.__main__ import run


class FrailEngine(FakeEngine):
    """An engine with a bug that one call runs into."""

    async def logs(self, ref: str) -> bytes:
        container = await self.container(ref)
        if container.name == "frail":
            raise RuntimeError("a secret of the helper")
        return await super().logs(ref)


async def in_memory(_directory: Path, _runtime: Path, _instance: str) -> Engine:
    """An empty engine that needs no privileges."""
    return FrailEngine()


if __name__ == "__main__":
    private = None if sys.argv[1] == "system" else Path(sys.argv[1])
    sys.exit(run(private, float(sys.argv[2]) if len(sys.argv) > 2 else 60.0, in_memory))
