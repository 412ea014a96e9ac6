"""After a crash or a reboot: finding what runs, and undoing what a dead monitor left."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.core.monitor_link import connect
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.monitor.launch import undo_all
from cloche_engine.monitor.protocol import INIT, SPARE, STATE, Fields
from cloche_engine.monitor.record import boot_id, start_time
from cloche_engine.sandbox.plan.launch import LaunchPlan

_PATIENCE = 10.0
_PAUSE = 0.005
_UUID = "[0-9a-f]" * 32


@dataclass(frozen=True, slots=True)
class Trace:
    """What a runtime directory tells of a monitor."""

    directory: Path
    state: Fields

    @property
    def plan(self) -> LaunchPlan:
        """What it was started with."""
        return LaunchPlan.from_json(json.dumps(self.state["plan"]))

    def has_monitor(self) -> bool:
        """Whether a monitor listens for it."""
        try:
            connect(self.directory).close()
        except OSError:
            return False
        return True

    @property
    def group(self) -> str:
        """The control group that it has, empty where it never had one."""
        try:
            return str(self._init()["group"])
        except (OSError, ValueError, KeyError):
            return ""

    @property
    def init(self) -> int:
        """The pid of the container's init; OSError or KeyError where nothing tells of one."""
        return int(self._init()["pid"])

    @property
    def is_of_this_boot(self) -> bool:
        """Whether it was started since the computer was."""
        return bool(self.state["boot_id"] == boot_id())

    @property
    def handed_over(self) -> float:
        """When a monitor got its plan, or another while it ran; seconds since 1970."""
        return (self.directory / STATE).stat().st_mtime

    def init_is_alive(self) -> bool:
        """Whether the container's init has not gone yet."""
        if not self.is_of_this_boot:
            return False
        try:
            init = self._init()
            return start_time(init["pid"]) == int(init["started"])
        except (OSError, ValueError):
            return False

    def kill_init(self) -> None:
        """Kill the init of a dead monitor; a program may have switched its death signal off."""
        try:
            pidfd = os.pidfd_open(self._init()["pid"])
        except (OSError, ValueError):
            return
        try:
            if self.init_is_alive():  # asked again: the descriptor is surely of that process then
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass
        finally:
            os.close(pidfd)

    def _init(self) -> Fields:
        init: Fields = json.loads((self.directory / INIT).read_text())
        return init


def traces(runtime: Path) -> Iterator[Trace]:
    """Every runtime directory with a state; the others are leftovers and removed."""
    for directory in sorted(runtime.glob(_UUID)):
        try:
            state = json.loads((directory / STATE).read_text())
        except (OSError, ValueError):
            shutil.rmtree(directory, ignore_errors=True)
            continue
        yield Trace(directory, state)


async def undo(trace: Trace) -> None:
    """Take away what a dying or dead monitor leaves: link, control group, mount points, folder."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while (watched := trace.has_monitor()) or trace.init_is_alive():
                if not watched:
                    trace.kill_init()
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        return  # it lives and does not answer: its things are in use
    await asyncio.to_thread(_undo, trace)


def _undo(trace: Trace) -> None:
    if not trace.directory.exists():
        return  # it has cleaned up itself
    undo_all(trace.plan, Group(detect(), trace.group) if trace.group else None)
    shutil.rmtree(trace.directory, ignore_errors=True)


def remove_spares(runtime: Path) -> None:
    """Remove what spare monitors of an earlier helper left, if they were killed like it."""
    for directory in runtime.glob(f"{SPARE}*"):
        shutil.rmtree(directory, ignore_errors=True)
