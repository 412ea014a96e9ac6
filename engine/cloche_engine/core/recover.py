"""After a crash or a reboot: finding what runs, and undoing what a dead monitor left."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.core.monitor_link import connect
from cloche_engine.host.cgroups import Group, detect
from cloche_engine.monitor.launch import undo_all
from cloche_engine.monitor.protocol import STATE, Fields
from cloche_engine.monitor.record import boot_id, start_time
from cloche_engine.sandbox.plan import LaunchPlan

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Trace:
    """What a runtime directory tells of a monitor."""

    directory: Path
    state: Fields

    @property
    def plan(self) -> LaunchPlan:
        """What it was started with."""
        return LaunchPlan.from_json(json.dumps(self.state["plan"]))

    def is_alive(self) -> bool:
        """Whether its monitor still is the process that wrote this."""
        if self.state["boot_id"] != boot_id():
            return False
        try:
            return start_time(self.state["monitor"]) == int(self.state["monitor_started"])
        except OSError:
            return False


def traces(runtime: Path) -> Iterator[Trace]:
    """Every runtime directory with a state; the others are leftovers and removed."""
    for directory in sorted(path for path in runtime.iterdir() if path.is_dir()):
        try:
            state = json.loads((directory / STATE).read_text())
        except (OSError, ValueError):
            shutil.rmtree(directory, ignore_errors=True)
            continue
        yield Trace(directory, state)


def has_listener(trace: Trace) -> bool:
    """Whether its monitor answers."""
    try:
        connect(trace.directory).close()
    except OSError:
        return False
    return True


async def undo(trace: Trace) -> None:
    """Take away what a dead monitor left: link, control group, mount points, directory."""
    await asyncio.to_thread(_undo, trace)


def _undo(trace: Trace) -> None:
    plan = trace.plan
    _await_death(trace.state)
    undo_all(plan, Group(detect(), plan.cgroup))
    shutil.rmtree(trace.directory, ignore_errors=True)


def _await_death(state: Fields) -> None:
    """The kernel kills the init when its monitor dies; wait until it has."""
    if not state["pid"] or state["boot_id"] != boot_id():
        return
    deadline = time.monotonic() + _PATIENCE
    while Path(f"/proc/{state['pid']}/ns/pid").exists() and time.monotonic() < deadline:
        try:
            descriptor = os.open(f"/proc/{state['pid']}", os.O_PATH)
        except OSError:
            return
        os.close(descriptor)
        time.sleep(0.005)
