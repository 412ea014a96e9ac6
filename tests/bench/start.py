"""Start of a container until its program speaks, beside the peers in the same run.

For Cloche: from the Start call on the bus of a private helper to the first byte on the console, as
a viewer gets it (the reply, the call that opens the console and the descriptor's way are all in
it). For the peers: from the exec of their program to the first byte in a FIFO. The root is the same
busybox tree. Cloche makes a user namespace, id maps, a seccomp filter, masks, a terminal besides.
Each start happens on an idle machine: back to back, every contender looks up to twice as fast as
people see it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

from tests.bench import figures, peers, private, roots

from cloche_engine.api import console
from cloche_engine.api.client import Engine

ROUNDS = 21
_NAME = "bench-start"


def measure() -> figures.Report:
    """Cloche, and all peers that are installed."""
    with private.folder() as folder:
        spoken = roots.make_root(folder / "console", fifo=False)
        quiet = roots.make_root(folder / "fifo", fifo=True)
        with asyncio.Runner() as runner, peers.installed_peers(quiet, folder) as others:
            return runner.run(_measure(folder, spoken, others))


async def _measure(folder: Path, root: Path, others: dict[str, peers.Peer]) -> figures.Report:
    async with private.private_engine(folder / "state") as engine:
        uuid = (await engine.define(private.document(_NAME, root))).uuid
        cloche = Cloche(engine, uuid)
        found = await figures.interleave("start", {"cloche": cloche, **others}, ROUNDS)
    calls = figures.Figure("start", "cloche, the call alone", "ms", tuple(cloche.replies[1:]))
    return figures.Report((found[0], calls, *found[1:]), frozenset(others))


class Cloche:
    """Starts, waits for the first byte, kills."""

    def __init__(self, engine: Engine, uuid: str) -> None:
        self._engine, self._uuid = engine, uuid
        self.replies: list[float] = []

    async def __call__(self) -> float:
        """Milliseconds from the call to the first byte that a viewer has."""
        started = time.perf_counter()
        await self._engine.start(self._uuid)
        self.replies.append(figures.milliseconds(started))
        with await self._engine.open_console(self._uuid, 24, 80) as viewer:
            await _first_output(viewer)
            taken = figures.milliseconds(started)
        await self._engine.kill(self._uuid)
        return taken


async def _first_output(viewer: socket.socket) -> None:
    viewer.settimeout(0)
    loop = asyncio.get_running_loop()
    while True:
        packet = await loop.sock_recv(viewer, console.MAX_FRAME + 16)
        if not packet:
            raise RuntimeError("the console closed before the program spoke")
        if isinstance(console.decode(packet), console.Output):
            return
