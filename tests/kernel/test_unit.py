"""A helper that runs as a service leaves nothing in the service's control group."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bus.world import REPOSITORY
from tests.kernel.conftest import instance_of

from cloche_engine.host.cgroups.tree import detect, make, remove_upwards

pytestmark = pytest.mark.kernel

HELPER = """
import asyncio, json, sys
from pathlib import Path
from tests.kernel.box import Definition
from cloche_engine.core.engine import LocalEngine

async def main(folder, instance, group):
    Path(group, "cgroup.procs").write_text("0")
    engine = await LocalEngine.open(folder / "state", folder / "run", instance)
    made = await engine.define(Definition(program=("/bin/sh",)).text())
    started = await engine.start(made.uuid)
    monitor = json.loads((folder / "run" / made.uuid / "init.json").read_text())["monitor"]
    here = Path("/proc/self/cgroup").read_text()
    there = Path(f"/proc/{monitor}/cgroup").read_text()
    await engine.kill(made.uuid)
    await engine.close()
    print(json.dumps({"helper": here, "monitor": there}))

folder, instance, group = sys.argv[1:]
asyncio.run(main(Path(folder), instance, group))
"""


def unified_path(cgroups: str) -> str:
    return next(line[3:] for line in cgroups.splitlines() if line.startswith("0::"))


@pytest.mark.parametrize("unit", ["cloche-test.service", "cloche-test-plain"])
def test_monitors_leave_the_service_that_started_them(tmp_path: Path, unit: str) -> None:
    unified = detect().unified
    if unified is None:
        pytest.skip("this host has no unified tree")
    instance = instance_of(tmp_path)
    make(unified, unit)
    try:
        words = [sys.executable, "-c", HELPER, str(tmp_path), instance, str(unified.path / unit)]
        done = subprocess.run(
            words, cwd=REPOSITORY, env={"PYTHONPATH": ".:engine"}, capture_output=True, check=False
        )
    finally:
        assert remove_upwards(unified.path, unit), "a process stayed in the service's group"
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert unified_path(told["helper"]) == f"/{unit}"
    left = unified_path(told["monitor"]) == f"/cloche/{instance}/monitors"
    assert left is unit.endswith(".service")
    assert not (unified.path / "cloche" / instance).exists()
