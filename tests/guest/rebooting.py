"""`python -m tests.guest.rebooting before|after`: what a boot of the guest keeps, and what not."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.kernel.box import Box, Definition, busybox_root
from tests.kernel.test_limits_all import EVERYTHING
from tests.kernel.test_limits_last import files

from cloche_engine.core.engine import LocalEngine
from cloche_engine.monitor.record import boot_id

FOLDER = Path("/var/lib/cloche-rebooting")
KEPT = FOLDER / "kept.json"
MANAGED = "<interface type='network'><source network='default'/></interface>"
MARKED = f"{EVERYTHING}<cpushare>512</cpushare><autostart/>"


async def opened() -> LocalEngine:
    return await LocalEngine.open(FOLDER / "state", Path("/run/cloche-rebooting"), "rebooting")


async def as_it_is(engine: LocalEngine, name: str) -> dict[str, Any]:
    """All that a boot is to keep of a container that runs."""
    container = await engine.container(name)
    held = {file: text.decode() for file, text in (await files(Box(engine, container))).items()}
    return {"limits": held, "addresses": list(container.addresses)}


async def before() -> None:
    """One is started with its limits, one is given them while it runs, one is not to come back."""
    FOLDER.mkdir()
    root = busybox_root(FOLDER / "root")
    engine = await opened()
    for name, around in (("said", MARKED), ("live", "<autostart/>"), ("unmarked", "")):
        await engine.define(Definition(name, root, inside=MANAGED, around=around).text())
        await engine.start(name)
    stored = await engine.definition("live")
    await engine.define(stored.text.replace(b"<autostart/>", MARKED.encode()), stored.etag)
    kept = {name: await as_it_is(engine, name) for name in ("said", "live")}
    same("limits, however they were given", kept["said"]["limits"], kept["live"]["limits"])
    same("pids.max", kept["live"]["limits"]["pids.max"], "64\n")
    KEPT.write_text(json.dumps({"boot": boot_id(), "containers": kept}))
    await engine.close()


async def after() -> None:
    """Those that are marked run, each with its own limits and addresses; the other does not."""
    kept = json.loads(KEPT.read_text())
    if kept["boot"] == boot_id():
        sys.exit("this is no other boot")
    engine = await opened()
    await engine._autostart.settle()
    states = {container.name: str(container.state) for container in await engine.containers()}
    same("states", states, {"said": "running", "live": "running", "unmarked": "stopped"})
    for name, wanted in kept["containers"].items():
        same(f"limits and addresses of {name}", await as_it_is(engine, name), wanted)
        await engine.kill(name)
    await engine.close()


def same(what: str, found: object, wanted: object) -> None:
    """Say it, and end where it is not so."""
    if found != wanted:
        sys.exit(f"{what}: {found} in place of {wanted}")
    sys.stdout.write(f"{what}: {found}\n")


if __name__ == "__main__":
    asyncio.run({"before": before, "after": after}[sys.argv[1]]())
