"""A thousand starts and kills, one in ten of which cannot start: what is left afterwards.

Everything that tests/leftovers.py knows, and the helper's descriptors, pseudoterminals, loop
devices and temporary files, must be as before; the figure of the helper's memory is for people.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from pathlib import Path

from tests import leftovers
from tests.bench import figures, private, roots
from tests.bench.memory import unshared_mib

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import StartFailedError

COUNT = 1000
FAILING = 10
"""One in so many."""


def measure() -> figures.Report:
    """Seconds, and what is left: RuntimeError names it."""
    mark = os.environ[leftovers.MARK] = uuid.uuid4().hex
    with private.folder() as folder:
        root = roots.make_root(folder / "root", fifo=False)
        return asyncio.run(_measure(folder, root, leftovers.Watch(mark, (f"{folder}/",))))


async def _measure(folder: Path, root: Path, watch: leftovers.Watch) -> figures.Report:
    async with private.private_engine(folder / "state") as engine:
        await define(engine, root)
        await cycles(engine, 2 * FAILING)  # what is made once, at the first use, is there then
        await asyncio.sleep(2)
        helper = private.helper_pid(folder / "state")
        before, counts = watch.snapshot(), counted(helper, folder)
        memory = unshared_mib(helper)
        started = time.perf_counter()
        await cycles(engine, COUNT)
        seconds = time.perf_counter() - started
        await asyncio.sleep(2)
        left = [str(thing) for thing in watch.remaining(before) if not _is_spare(thing)]
        left += [f"{name}: {n}" for name, n in counted(helper, folder).items() if n != counts[name]]
        grown = unshared_mib(helper) - memory
    if left:
        raise RuntimeError(f"after {COUNT} cycles there is left: {'; '.join(left)}")
    found = (
        figures.Figure("cycles", f"{COUNT} cycles, nothing left", "s", (seconds,)),
        figures.Figure("cycles", "the helper grew by", "MiB", (grown,)),
    )
    return figures.Report(found)


async def define(engine: Engine, root: Path) -> None:
    """The two containers of `cycles`: one that runs, one that cannot."""
    good = private.document("good", root, private.MANAGED)
    await engine.define(good)
    bad = private.document("bad", root, private.MANAGED).replace(b"/bin/busybox", b"/bin/missing")
    await engine.define(bad)


async def cycles(engine: Engine, count: int) -> None:
    """Start and kill, so many times; one in ten fails and says so."""
    for number in range(count):
        if number % FAILING == FAILING - 1:
            await _fail(engine)
        else:
            await engine.start("good")
            await engine.kill("good")


async def _fail(engine: Engine) -> None:
    try:
        await engine.start("bad")
    except StartFailedError:
        return
    raise RuntimeError("a start of a program that is missing did not fail")


def counted(helper: int, folder: Path) -> dict[str, int]:
    """What is counted: descriptors of a process, terminals, loop devices, files of its folder."""
    return {
        "descriptors of the helper": len(list(Path(f"/proc/{helper}/fd").iterdir())),
        "pseudoterminals": int(Path("/proc/sys/kernel/pty/nr").read_text()),
        "loop devices": len(list(Path("/sys/block").glob("loop*/backing_file"))),
        "files": sum(1 for _ in folder.rglob("*")),
    }


def _is_spare(thing: leftovers.Thing) -> bool:
    """Other spares than before wait now; how many there are is counted with the files."""
    return thing.kind in {"process", "control group"}
