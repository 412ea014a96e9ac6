"""Memory that supervising one idle container costs: the monitor's pages that nobody shares.

From /proc/PID/smaps_rollup, Private_Clean + Private_Dirty. The monitor is the parent of the init. A
page that the spawner and its monitors still share counts for none of them.

What was learned with userfaultfd(2), which tells the first write to each page: of 1.94 MiB nearly
all was one reference count to a page. Every function that runs, every module, type or constant that
is touched dirties the page where it lies, and hardly two lie on one. So the less is done after the
fork the better, and it matters little what:

  1.94  a monitor that reads JSON, makes its objects and names itself by ctypes
  1.66  it has run ten times before the fork, where nothing was there to watch: Python rewrites
        functions when they have run eight times, and its cache of names at each that is new
  1.13  it is made before the fork and only given its child; no json, pathlib, ctypes, dataclasses
        or contextlib on the way (marshal, strings, /proc/self/comm)
  1.11  no enums (1.23 by then, with what others had added): signal.signal, called once, wrote to
        a hundred KiB
  1.04  the practised start goes on until the host is heard
  0.96  no collection before gc.freeze(): what it freed was filled by the monitors, page by page

What changed nothing: no docstrings (-OO), and filling all holes in Python's arenas. What is left is
about a quarter new objects, a quarter code, a fifth the interpreter's own state, the rest names.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.bench import figures, peers, private, roots

COUNT = 5
_SECONDS_TO_LIVE = 2.0


def measure() -> figures.Report:
    """Monitors of some containers, the helper itself, and LXC's monitor where it is installed."""
    with private.folder() as folder:
        root = roots.make_root(folder / "root", fifo=False)
        monitors, helper = asyncio.run(_measure(folder, root))
        quiet = roots.make_root(folder / "fifo", fifo=True)
        with peers.installed_peers(quiet, folder) as others:
            lxc = [_lxc(peer) for peer in others.values() if isinstance(peer, peers.Lxc)]
    note = f"the helper itself, once for all containers: {helper:.1f} MiB"
    return figures.Report((monitors, *lxc), frozenset(figure.name for figure in lxc), (note,))


async def _measure(folder: Path, root: Path) -> tuple[figures.Figure, float]:
    async with private.private_engine(folder / "state") as engine:
        inits = []
        for number in range(COUNT):
            name = f"bench-memory-{number}"
            await engine.define(private.document(name, root))
            inits.append((await engine.start(name)).pid)
        await asyncio.sleep(_SECONDS_TO_LIVE)  # what a monitor allocates in its life, not at birth
        monitors = tuple(unshared_mib(parent(pid)) for pid in inits if pid)
        helper = private.helper_pid(folder / "state")
        figure = figures.Figure("memory", "cloche monitor", "MiB", monitors)
        return figure, unshared_mib(helper)


def _lxc(peer: peers.Lxc) -> figures.Figure:
    samples: list[float] = []

    def look(init: int) -> None:
        time.sleep(_SECONDS_TO_LIVE)
        samples.append(unshared_mib(parent(init)))

    peer(look)
    return figures.Figure("memory", "lxc monitor", "MiB", tuple(samples))


def parent(pid: int) -> int:
    """The process that a process was made by, as the host sees it."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


def unshared_mib(pid: int) -> float:
    """Private memory of a process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
