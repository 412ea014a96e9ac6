"""Two hundred starts, one after another and eight at a time, beside crun's for the same.

For Cloche until the call returns, when the program runs; for crun until `crun run -d` returns. Both
without a network; crun has neither a user namespace nor a terminal. Ending them is not measured.

After the first eight a start costs what its spare costs too: 25 to 32 ms of processor time in all,
crun's at most 12. In a row the next spare is made while a start is under way, so both processors
have work, and neither it nor the start waits for a rehearsal.

Where it goes, by 2,000 samples a second of every stack (ms for each of 100 starts in a row; eight
at a time each takes a tenth more; the processors rest for a quarter of the time):

  9.5  launcher: 2.9 page faults, 2.5 Python, 1.2 its end, 1.2 mkdir and open, 0.8 the holder's fork
  6.5  the child: 2.4 Python, 2.0 page faults
  5.2  the helper, 3.5 of it, and who calls it
  3.1  the monitor: 1.5 page faults, 0.6 the launcher's fork
  2.4  the holder: 1.1 its end, 0.8 the clone with all namespaces
  1.5  spawner: 0.6 the monitor's fork, 0.5 page faults after it
  1.2  the program

So 7 ms are page faults, most of them copies after a fork, 2 the forks, and 2 the ends of two such
copies. A fork and its end cost 0.5 ms in an empty Python, 0.9 in a spawner with 92 mappings, 1.3 in
one with 134, five for each library: a Python that has its modules built in, as Debian's, is the
better one. Eight at a time, forks and ends also wait for each other at the locks of these files.

Tried and dropped: the holder forked first, before the launcher has written to anything (the
launcher's time was 1.34 to 1.42 of the child's instead of 1.32 to 1.39); the ids of a container,
for which the helper waits at a first start, 5 to 8 ms on a busy disk, written by a thread (17.7 to
22.8 ms for each start instead of 16.4 to 19.4, on a busy machine). Not possible: huge pages, for
Python's arenas of 1 MiB do not lie side by side. What would bring more is a launcher that lives on
and saves its fork, its end and most of its page faults, about 5 ms. But the init has to be the
monitor's child, so the monitor would have to make the holder, and a start that hangs on a dead disk
must not hold up another.

On a quiet machine: 14.4 ms for each in a row and 12.2 eight at a time, crun 7.9 and 4.6, so 1.83
and 2.65 of crun.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench import figures, peers, private, roots

from cloche_engine.api.client import Engine

COUNT = 200
WIDE = 8
_GOAL = "goal: 0.7 x crun, in the line of the same name"


def measure() -> figures.Report:
    """Seconds, once each."""
    with private.folder() as folder:
        root = roots.make_root(folder / "root", fifo=False)
        crun = _crun(folder, root) if shutil.which("crun") else []
        found = asyncio.run(_cloche(folder, root))
    return figures.Report((*found, *crun), notes=(_GOAL, *_ratios([*found, *crun])))


def _ratios(found: list[figures.Figure]) -> list[str]:
    ours, theirs = found[:2], found[2:]
    return [
        f"{a.name}: {a.median / b.median:.2f} x crun" for a, b in zip(ours, theirs, strict=False)
    ]


async def _cloche(folder: Path, root: Path) -> list[figures.Figure]:
    found = []
    async with private.private_engine(folder / "state") as engine:
        for width in (1, WIDE):
            texts = [private.document(f"row-{n}", root) for n in range(COUNT)]
            uuids = [(await engine.define(text)).uuid for text in texts]
            await asyncio.sleep(1)
            figures.settle()
            seconds = await start_all(engine, uuids, width)
            found.append(figures.Figure("rows", f"cloche, {width} at a time", "s", (seconds,)))
            await private.remove_all(engine)
    return found


async def start_all(engine: Engine, uuids: list[str], width: int) -> float:
    """Start them, so many at a time; seconds."""
    started = time.perf_counter()
    waiting = iter(uuids)

    async def one_after_another() -> None:
        for uuid in waiting:
            await engine.start(uuid)

    await asyncio.gather(*(one_after_another() for _ in range(width)))
    return time.perf_counter() - started


def _crun(folder: Path, root: Path) -> list[figures.Figure]:
    bundles = [folder / f"bundle-{n}" for n in range(COUNT)]
    for bundle in bundles:
        bundle.mkdir()
    every = [peers.Crun(root, bundle, bundle.name) for bundle in bundles]
    try:
        return [_crun_row(every, width) for width in (1, WIDE)]
    finally:
        for one in every:
            one.close()
        peers.remove_control_groups()


def _crun_row(every: list[peers.Crun], width: int) -> figures.Figure:
    with ThreadPoolExecutor(width, initializer=peers.without_unified) as threads:
        figures.settle()
        started = time.perf_counter()
        list(threads.map(lambda one: _run(one.start_command), every))
        seconds = time.perf_counter() - started
        list(threads.map(lambda one: _run(one.end_command), every))
    return figures.Figure("rows", f"crun, {width} at a time", "s", (seconds,))


def _run(command: list[str | Path]) -> None:
    nothing = subprocess.DEVNULL
    subprocess.run(command, stdin=nothing, stdout=nothing, stderr=nothing, check=True)
