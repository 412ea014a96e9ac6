"""Two hundred starts, one after another and eight at a time, beside crun's for the same.

For Cloche until the call returns, when the program runs; for crun until `crun run -d` returns. Both
without a network; crun has neither a user namespace nor a terminal. Ending them is not measured.

After the first eight a start costs what its spare costs too: 25 to 32 ms of processor time in all,
crun's at most 12. In a row the next spare is made while a start is under way, so both processors
have work, and neither it nor the start waits for a rehearsal; what would bring more is fewer copies
of the spawner's memory: a launcher that lives on would save about 6 ms of each.
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
