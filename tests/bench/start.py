"""Start of a container until its program speaks, beside the peers in the same run.

For Cloche: from the Start call on the bus of a private helper to the first byte on the console, as
a viewer gets it (the call that opens the console, as soon as the bus says that the container is
starting, and the descriptor's way are in it). For the peers: from the exec of their program to the
first byte in a FIFO. The root is the same
busybox tree. Cloche makes a user namespace, id maps, a seccomp filter, masks, a terminal besides.
Each start happens on an idle machine: back to back, every contender looks up to twice as fast as
people see it.

What was learned, step by step on one machine (ms, median of the call): 20 with a monitor forked for
each start and records on the disk; 16 without files that are truncated or renamed over (ext4
flushes those when they are closed); 15 with a spare monitor that waits; 30 with its child cloned
ahead, because moving a process into a v2 group waits for the thread-group lock; 13 with the child
born in its group; less with groups and trees made while the child becomes root, with the console
opened while the start is under way, with pages copied ahead by a rehearsal, and with proc, sysfs
and loopback made before the plan comes.

Six runs within one hour on a shared machine of two cores then gave 0.53 to 0.73 of crun's median
and 0.55 to 0.69 of lxc-start's: the goal of 0.6 is met in the quiet ones only. Of a call of 13 ms
the bus takes roughly 2, the helper's folder and socket 1, the hop through the spawner 0.4, the
monitor's preparations 3, the child's own steps 4, execve with the end of the old memory 2.
"""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

from tests.bench import figures, peers, private, roots

from cloche_engine.api import console
from cloche_engine.api.client import Engine
from cloche_engine.api.model import Change, Container, State

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
        is_starting = asyncio.Event()
        forget = self._engine.subscribe(
            lambda change: is_starting.set() if _is_starting(change) else None
        )
        started = time.perf_counter()
        call = asyncio.create_task(self._timed_call(started))
        await is_starting.wait()
        with await self._engine.open_console(self._uuid, 24, 80) as viewer:
            await _first_output(viewer)
            taken = figures.milliseconds(started)
        await call
        forget()
        await self._engine.kill(self._uuid)
        return taken

    async def _timed_call(self, started: float) -> None:
        await self._engine.start(self._uuid)
        self.replies.append(figures.milliseconds(started))


def _is_starting(change: Change) -> bool:
    return isinstance(change, Container) and change.state is State.STARTING


async def _first_output(viewer: socket.socket) -> None:
    viewer.settimeout(0)
    loop = asyncio.get_running_loop()
    while True:
        packet = await loop.sock_recv(viewer, console.MAX_FRAME + 16)
        if not packet:
            raise RuntimeError("the console closed before the program spoke")
        if isinstance(console.decode(packet), console.Output):
            return
