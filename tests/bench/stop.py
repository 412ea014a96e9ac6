"""From the kill of a running container until everything of it is gone and it may start again.

The call returns when its processes, links, control groups, mount points and folder are away. That
this is true is seen by the next start, whose first byte follows in the second figure.

Of 25 to 32 ms, 10 to 20 were the answer to the removal of the veth, which the kernel gives after
all callbacks of RCU although the link is gone long before, 4 the exit record, renamed over the last
one (ext4 writes that out at once), and up to 2.6 the close of the monitor's socket. Without these
three it is 7.6 (7.1 to 9.8 in eleven, on a quiet machine).
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.bench import figures, private, roots, start

ROUNDS = 21
_GOAL = "goal: 30 ms until the next start is possible"


def measure() -> figures.Report:
    """A container with the managed network."""
    with private.folder() as folder:
        root = roots.make_root(folder / "root", fifo=False)
        return asyncio.run(_measure(folder, root))


async def _measure(folder: Path, root: Path) -> figures.Report:
    async with start.with_network(folder, "bench-stop", root) as (_, cloche):
        runtime = folder / "state/run" / cloche.uuid
        spoke: list[float] = []

        async def take() -> float:
            await cloche.first_byte()
            figures.settle()
            started = time.perf_counter()
            await cloche.end()
            taken = figures.milliseconds(started)
            if runtime.exists():
                raise RuntimeError(f"{runtime} is left")
            await cloche.first_byte()
            spoke.append(figures.milliseconds(started))
            await cloche.end()
            return taken

        found = await figures.interleave("stop", {"kill": take}, ROUNDS)
    again = figures.Figure("stop", "kill, start, first byte", "ms", tuple(spoke[1:]))
    return figures.Report((*found, again), notes=(_GOAL,))
