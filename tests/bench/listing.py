"""`clochectl list` against a running private helper, beside the bare start of the interpreter."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import figures, private

ROUNDS = 21
CONTAINERS = 10
_FLOOR = "python -c pass"


def measure() -> figures.Report:
    """The command's wall time with ten containers defined."""
    return asyncio.run(_measure())


async def _measure() -> figures.Report:
    clochectl = Path(sys.executable).parent / "clochectl"
    with private.folder() as folder:
        state = folder / "state"
        async with private.private_engine(state) as engine:
            for number in range(CONTAINERS):
                await engine.define(private.document(f"bench-{number}", folder))
            command = [str(clochectl), "--connect", f"private:{state}", "list"]
            contenders = {
                "clochectl list": lambda: _wall_time(command),
                _FLOOR: lambda: _wall_time([sys.executable, "-c", "pass"]),
            }
            found = await figures.interleave("list", contenders, ROUNDS)
    return figures.Report(found, frozenset({_FLOOR}))


def _wall_time(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return figures.milliseconds(started)
