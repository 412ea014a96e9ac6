"""Start of a container until its program speaks, beside the peers in the same run.

For Cloche: from the Start call on the bus of a private helper to the first byte on the console, as
a viewer gets it (the call that opens the console, as soon as the bus says that the container is
starting, and the descriptor's way are in it). For the peers: from the exec of their program to the
first byte in a FIFO; for libvirt also from the line that a connected virsh reads. The root is the
same busybox tree. Cloche makes a user namespace, id maps, a seccomp filter, masks, a terminal
besides. Each start happens on an idle machine: back to back, every contender looks up to twice as
fast as people see it.

What was learned, step by step on one machine (ms, median of the call): 20 with a monitor forked for
each start and records on the disk; 16 without files that are truncated or renamed over (ext4
flushes those when they are closed); 15 with a spare monitor that waits; 30 with its child cloned
ahead, because moving a process into a v2 group waits for the thread-group lock; 13 with the child
born in its group, the console opened while the start is under way, and pages copied ahead by a
rehearsal. Then 8.4 with the plan sent straight to the monitor, whose folder, groups, proc, sysfs,
masks and most of /dev are there before it comes, with monitor and child at work at once, and with
the helper telling of the start after it has sent the plan; 7.9 with the trees before the limits and
a rehearsal of all that the monitor does; at last an execve that leaves Python's memory to a holder,
which takes 0.2 instead of 2 and the traced call from 9.2 to 7.5.

Eight runs with it, the machine held quiet for two or three at a time: 6.9, 8.0, 7.6, 8.1, 8.3, 8.2,
9.5 and 9.4, that is 0.29, 0.31, 0.32, 0.33, 0.36, 0.33, 0.39 and 0.36 of crun's median and 0.28,
0.34, 0.32, 0.31, 0.35, 0.34, 0.37 and 0.34 of lxc-start's (at the beginning of the same day: 12.0
and 12.8, 0.53 and 0.56). Of a traced call of 7.5 ms the way to the helper takes 0.8, the plan, its
record and the way to the monitor 0.9, waking and reading 0.5, the monitor until the trees are open
2 (0.8 of it mount points that this tree lacks), the child's tree 0.8, groups and identity 0.6, the
seccomp filters 0.5, execve 0.2, and the shell, the pty and the way to the viewer the rest.

A monitor has since then a launcher beside it, which makes the start and goes: of the 2.9 MiB that a
monitor had of its own, 1 MiB were pages that only the start touches (what became of the rest,
`memory` tells). It cost half a millisecond,
and won it back: the monitor opens the console and lets viewers in while the launcher still works,
and the child is told to go on before the monitor is told of it (1.5 ms between the last limit and
the next step of the child became 0.3). Mount points that a tree lacks cost 2 ms of a start, most of
them for the records; the root has those three files now, as trees of distributions have. With that,
and without a network, 7.7 in a quiet minute. What is left is mostly five Python processes on two
processors: `clochectl explain` shows the program's execve 5.7 after the call reached the helper.

With the managed network it took 10.5 then, 0.44 of crun's median and 2.8 floors. A trace of the
scheduler, of system calls and of page faults showed processor time of 1.6 in the helper until the
plan was away, 3.6 in the launcher and 4.3 in the child, half of it in what is cold: a page that is
copied at its first write costs 2 us here, and a start made 700 such faults. So a plan is now kept
with its text (0.6 less), links are made before limits are set, while the child gives them addresses
(0.5 less), netlink's answers need no mapping, and what the child says to netlink is rehearsed: 9.6,
which is 0.38 of crun, 0.36 of lxc-start and 2.6 floors, and 8.2 or 0.32 without a network, on a
quiet machine. To tell the spare of a start before its plan is ready changed nothing (10.9 and 11.1
in 60 pairs): what is cold by then is the kernel's and the child's part. Not tried: a launcher that
makes one start after another, which would keep its pages.

Of a page fault's 2 us the launcher makes 130 and the child 80 by now, so that a rehearsal of more
would win 0.4 at most; of the kernel's own work the link takes 0.9 and its addresses 0.5, of which a
pair made ahead for anybody would save 0.4. So whoever was defined or ended last has a start of its
own prepared (`core/foresight.py`), all of it but the trees: the program is executed 4.0 after the
call reached the helper instead of 7.4. Switching the link on before the trees are opened, not
after, won 0.7; with it the child at a nice of -15 0.4. Six runs: 6.8 to 8.1 with NAT, 0.29 to 0.33
of crun, 0.24 to 0.34 of lxc-start, 1.93 to 1.99 floors, and 6.6 to 7.3 or 0.29 to 0.34 without a
network. The launcher under SCHED_IDLE won as much, and would starve where others use all
processors. What is left: 0.9 until the helper has the call, 0.9 for sources, mount points and
trees, 1.7 from the last filter to the first byte: execve, the shell, the terminal, two wakings.

libvirt's driver of containers (9.0.0, `libvirt.py`), with NAT and a terminal as Cloche but without
user namespace and filter: 77 and 77 on an open connection, 98 and 94 as `virsh start`, in two runs
in which Cloche took 8.2 and 6.8 with NAT. That is 0.11 and 0.09 of the former, 0.08 and 0.07 of the
latter (0.29 and 0.31 of crun, 0.32 and 0.28 of lxc-start, 1.89 and 1.80 floors).

A trace of the scheduler then showed where the last two milliseconds go: the helper, told that the
program runs, and its thread that writes the record preempt that program before it has spoken. So
who looks at the console is served first and the record is written 30 ms later; what was kept aside
of /proc/sys/net is let go ahead, for which execve waited 0.15 for an RCU grace period; the rules of
a link are kept, and a tree is opened once for its mount points. In pairs beside others' work 9.2
became 8.6 (at best 6.4 became 5.4), and then 8.3 became 7.9. The launcher at a nice of -15 as well
changed nothing: a process that was asleep preempts it all the same. Last seen: 7.5 with NAT, 0.32
of crun, 0.30 of lxc-start, 1.82 floors, 0.09 of libvirt.

Of the seccomp filter's 0.36 the kernel took most for checking and translating 995 instructions:
210 that decide by ranges take 0.1. pivot_root and the end of the host's mounts, 0.17 here and five
times that beside 500 containers, are over before anybody waits. And a start wakes sleeping
processors all along: asked to stay awake for 30 ms, they won 0.3 of 7.4 in 75 pairs (0.2 more would
be won if they were awake before the call).
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench import figures, peers, private, roots

from cloche_engine.api import console
from cloche_engine.api.client import Engine
from cloche_engine.api.model import Change, Container, State

ROUNDS = 21
_NAME = "bench-start"
_GOALS = "goals for NAT: 0.25 x crun and lxc-start, 0.1 x libvirt, 2 x floor in C"


def measure() -> figures.Report:
    """Cloche, and all peers that are installed."""
    with private.folder() as folder:
        spoken = roots.make_root(folder / "console", fifo=False)
        quiet = roots.make_root(folder / "fifo", fifo=True)
        others_of = peers.installed_peers(quiet, folder, with_libvirt=True)
        with asyncio.Runner() as runner, others_of as others:
            return runner.run(_measure(folder, spoken, others))


async def _measure(folder: Path, root: Path, others: dict[str, peers.Peer]) -> figures.Report:
    async with with_network(folder, f"{_NAME}-nat", root) as (engine, managed):
        bare = (await engine.define(private.document(_NAME, root))).uuid
        ours = {"cloche, NAT": managed, "cloche, no network": Cloche(engine, bare)}
        found = await figures.interleave("start", {**ours, **others}, ROUNDS)
    calls = figures.Figure("start", "NAT, the call alone", "ms", tuple(managed.replies[1:]))
    return figures.Report((found[0], calls, *found[1:]), frozenset(others), (_GOALS,))


@asynccontextmanager
async def with_network(folder: Path, name: str, root: Path) -> AsyncIterator[tuple[Engine, Cloche]]:
    """A helper of its own, and a container with the managed network that is to be started."""
    async with private.private_engine(folder / "state") as engine:
        text = private.document(name, root, private.MANAGED)
        yield engine, Cloche(engine, (await engine.define(text)).uuid)


class Cloche:
    """Starts, waits for the first byte, kills."""

    def __init__(self, engine: Engine, uuid: str) -> None:
        self._engine, self.uuid = engine, uuid
        self.replies: list[float] = []

    async def __call__(self) -> float:
        """Milliseconds from the call to the first byte that a viewer has."""
        taken = await self.first_byte()
        await self.end()
        return taken

    async def first_byte(self) -> float:
        """The same, and it goes on."""
        is_starting = asyncio.Event()
        forget = self._engine.subscribe(
            lambda change: is_starting.set() if self._is_starting(change) else None
        )
        started = time.perf_counter()
        call = asyncio.create_task(self._timed_call(started))
        await is_starting.wait()
        with await self._engine.open_console(self.uuid, 24, 80) as viewer:
            await _first_output(viewer)
            taken = figures.milliseconds(started)
        await call
        forget()
        return taken

    async def end(self) -> None:
        """Kill it."""
        await self._engine.kill(self.uuid)

    def _is_starting(self, change: Change) -> bool:
        return (
            isinstance(change, Container)
            and change.uuid == self.uuid
            and change.state is State.STARTING
        )

    async def _timed_call(self, started: float) -> None:
        await self._engine.start(self.uuid)
        self.replies.append(figures.milliseconds(started))


async def _first_output(viewer: socket.socket) -> None:
    viewer.settimeout(0)
    loop = asyncio.get_running_loop()
    while True:
        packet = await loop.sock_recv(viewer, console.MAX_FRAME + 16)
        if not packet:
            raise RuntimeError("the console closed before the program spoke")
        if isinstance(console.decode(packet), console.Output):
            return
