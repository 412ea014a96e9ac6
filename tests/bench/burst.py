"""Nine starts at once: how long until the ninth speaks, for which no spare is ready.

For Cloche the ninth is started as in `start`, with the managed network and a viewer, just after the
calls for the other eight; for the peers it is the ninth byte in their FIFO.

All nine share two processors, so it measures what a start costs them. Spares were made anew amid
the burst, 30 ms after its last call, and the ninth one's rehearsed what it was about to do; without
both it went from 2.1 to 1.7 of crun's time (78 ms to 45). What is left is 11 ms of processor time
for each start and 17 for the spare that is missing: a third of that is page faults, 2300 of them,
in three processes that are each a copy of the spawner (monitor, launcher, and the child's holder).
On a quiet machine the ninth took 55 ms, crun's 51 and lxc's 47: 1.06 and 1.16.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.bench import figures, peers, private, roots
from tests.bench.start import Cloche

AT_ONCE = 9
ROUNDS = 7
_GOAL = "goal: 0.5 x crun and lxc"


def measure() -> figures.Report:
    """Cloche, crun and lxc."""
    with private.folder() as folder:
        spoken = roots.make_root(folder / "console", fifo=False)
        quiet = roots.make_root(folder / "fifo", fifo=True)
        with asyncio.Runner() as runner, crowds(quiet, folder) as others:
            return runner.run(_measure(folder, spoken, others))


async def _measure(folder: Path, root: Path, others: dict[str, Crowd]) -> figures.Report:
    async with private.private_engine(folder / "state") as engine:
        texts = [private.document(f"nine-{n}", root, private.MANAGED) for n in range(AT_ONCE)]
        each = [Cloche(engine, (await engine.define(text)).uuid) for text in texts]

        async def nine() -> float:
            others = [asyncio.create_task(engine.start(one.uuid)) for one in each[:-1]]
            taken = await each[-1].first_byte()
            await asyncio.gather(*others)
            return taken

        async def take() -> float:
            await asyncio.sleep(0.5)  # as long as it takes to have all spares again
            taken = await nine()
            for one in each:
                await one.end()
            return taken

        found = await figures.interleave("burst", {"cloche, NAT": take, **others}, ROUNDS)
    return figures.Report(found, frozenset(others), (_GOAL,))


class Crowd:
    """Nine containers of one peer, started from nine threads."""

    def __init__(self, members: list[peers.Crun] | list[peers.Lxc], root: Path) -> None:
        self._members = members
        self._root = root
        self._threads = ThreadPoolExecutor(AT_ONCE, initializer=peers.without_unified)
        list(self._threads.map(lambda _: None, range(AT_ONCE)))

    def __call__(self) -> float:
        """Milliseconds until the ninth spoke."""
        first = roots.FirstByte(self._root)
        runs = [self._threads.submit(_run, member.start_command) for member in self._members]
        try:
            return first.wait(lines=len(self._members))
        finally:
            for run in runs:
                run.result()
            for member in self._members:
                self._threads.submit(_run, member.end_command).result()

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown()


def _run(command: list[str | Path]) -> None:
    nothing = subprocess.DEVNULL
    subprocess.run(command, stdin=nothing, stdout=nothing, stderr=nothing, check=False)


@contextmanager
def crowds(root: Path, folder: Path, count: int = AT_ONCE) -> Iterator[dict[str, Crowd]]:
    """The peers that are installed, `count` containers each; all of theirs is gone afterwards."""
    found: dict[str, Crowd] = {}
    try:
        if shutil.which("crun"):
            bundles = [_made(folder / f"crun-{n}") for n in range(count)]
            crun = [peers.Crun(root, bundle, bundle.name) for bundle in bundles]
            found["crun run -d"] = Crowd(crun, root)
        if shutil.which("lxc-start"):
            home = _made(folder / "lxc")
            lxc = [peers.Lxc(root, home, f"lxc-{n}") for n in range(count)]
            found["lxc-start -d"] = Crowd(lxc, root)
        yield found
    finally:
        for crowd in found.values():
            crowd.close()
        peers.remove_control_groups()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
