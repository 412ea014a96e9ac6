"""The processes of a running container, with names for their users."""

from __future__ import annotations

from pathlib import Path

from cloche_engine.api.model import Process
from cloche_engine.core.entry import Running
from cloche_engine.core.recover import Trace
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.host.process_list import processes_of, stuck_in
from cloche_engine.host.programs.inside import Inside
from cloche_engine.sandbox.plan.launch import LaunchPlan

_PASSWD, _LARGEST = "/etc/passwd", 1 << 20


def processes(running: Running) -> list[Process]:
    """Every process of it; may wait for a disk."""
    names = _user_names(running.plan)
    return [
        Process(
            pid=each.pid, inside=each.inside, user=names.get(str(each.uid), str(each.uid)),
            command=each.command, state=each.state, cpu_seconds=each.cpu_seconds,
            memory_bytes=each.memory_bytes, started=each.started, escaped=each.escaped,
        )
        for each in processes_of(running.pid, _group(running))
    ]  # fmt: skip


def stuck(running: Running) -> list[str]:
    """The processes of it that wait for a device, as `pid (name)`."""
    return stuck_in(_group(running))


def _group(running: Running) -> Group:
    return Group(detect(), Trace(Path(running.plan.runtime), {}).group)


def _user_names(plan: LaunchPlan) -> dict[str, str]:
    """Names by number, from the container's own file, which is read from outside."""
    try:
        text = Inside(plan).read(_PASSWD, _LARGEST).decode(errors="replace")
    except OSError:
        return {}
    fields = (line.split(":") for line in text.splitlines())
    rows = [row for row in fields if len(row) > 2 and row[2].isdecimal()]
    return {row[2]: row[0] for row in reversed(rows)}
