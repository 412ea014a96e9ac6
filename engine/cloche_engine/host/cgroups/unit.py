"""Monitors outlive the service that starts them, so they leave its control group (systemd.kill(5)).

systemd would otherwise find them there at the next start of the service and call them left over,
count their memory as the service's, and end them with a user's session.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from cloche_engine.host.cgroups.tree import Hierarchy, Layout, make, remove_upwards
from cloche_engine.kernel import files

_UNITS = (".service", ".scope")
_MONITORS = "monitors"
_PAUSE = 0.01


def leave_unit(layout: Layout, parent: str) -> None:
    """Move this process, and so all that it will fork, beside the groups of the containers.

    Nothing happens where it is in no unit; where the kernel refuses, it stays.
    """
    unified = layout.unified
    if unified is None or not _is_in_unit():
        return
    name = f"{parent}/{_MONITORS}"
    with contextlib.suppress(OSError):
        make(unified, name)
        files.write(f"{unified.path}/{name}/cgroup.procs", "0")


def _is_in_unit() -> bool:
    lines = files.read("/proc/self/cgroup").splitlines()
    path = next((line[3:] for line in lines if line.startswith("0::")), "")
    return any(part.endswith(_UNITS) for part in path.split("/"))


def forget_monitors(layout: Layout, parent: str, patience: float) -> None:
    """Remove that group once the last monitor is gone; those that watch a container keep it."""
    unified = layout.unified
    if unified is None:
        return
    name = f"{parent}/{_MONITORS}"
    deadline = time.monotonic() + patience
    while _is_there(unified, name) and not remove_upwards(unified.path, name):
        if time.monotonic() > deadline:
            return
        time.sleep(_PAUSE)


def _is_there(tree: Hierarchy, name: str) -> bool:
    return os.access(Path(tree.path, name), os.F_OK)
