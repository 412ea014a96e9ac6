"""The processes of one container, as the host's /proc tells of them (proc(5))."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.host.cgroups.group import Group
from cloche_engine.kernel import files

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NOBODY = 65534
_LONGEST = 4096
_DEAD = "ZX"
"""States of what has ended: the kernel has taken it out of its groups, and limits hold nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """One process; inside is its pid in the container, uid its user there, started since 1970.

    escaped: it is in the pid namespace, but a control group of the container does not hold it.
    """

    pid: int
    inside: int
    uid: int
    command: str
    state: str
    cpu_seconds: float
    memory_bytes: int
    started: float
    escaped: bool


def processes_of(init: int, group: Group) -> list[Found]:
    """Those of the group and of the init's pid namespace, by pid; vanished ones are left out."""
    users = _id_map(f"/proc/{init}/uid_map")
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    strays = set(_in_namespace_of(init))
    found = []
    for pid in sorted(strays | set(group.processes())):
        with contextlib.suppress(OSError, ValueError, IndexError):
            found.append(_look_at(pid, group, users, boot))
    return found


def stuck_in(group: Group) -> list[str]:
    """The processes that wait for a device and so do not even die, as `pid (name)`."""
    names = []
    for pid in group.processes():
        with contextlib.suppress(OSError, ValueError, IndexError):
            name, fields = _stat(pid)
            if fields[0] == "D":
                names.append(f"{pid} ({name})")
    return names


def _look_at(pid: int, group: Group, users: list[tuple[int, int, int]], boot: float) -> Found:
    name, fields = _stat(pid)
    status = dict(
        line.split(":\t", 1) for line in files.read(f"/proc/{pid}/status").split("\n")
        if ":\t" in line
    )  # fmt: skip
    pids = status["NSpid"].split()
    return Found(
        pid=pid,
        inside=int(pids[1]) if len(pids) > 1 else 0,
        uid=_inside(int(status["Uid"].split()[1]), users),
        command=_command(pid) or f"[{name}]",
        state=fields[0],
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _TICK,
        memory_bytes=int(fields[21]) * _PAGE,
        started=boot + int(fields[19]) / _TICK,
        escaped=fields[0] not in _DEAD and not _is_held(pid, group),
    )


def _stat(pid: int) -> tuple[str, list[str]]:
    """The name, and the fields behind it; names may hold brackets and spaces."""
    before, _, behind = files.read(f"/proc/{pid}/stat").rpartition(")")
    return before.partition("(")[2], behind.split()


def _command(pid: int) -> str:
    with Path(f"/proc/{pid}/cmdline").open("rb") as file:
        words = file.read(_LONGEST).rstrip(b"\0").split(b"\0")
    return b" ".join(words).decode(errors="replace")


def _is_held(pid: int, group: Group) -> bool:
    """Whether it is in the group, or in one inside it, in every tree that has one."""
    held = 0
    for line in files.read(f"/proc/{pid}/cgroup").rstrip("\n").split("\n"):
        path = line.split(":", 2)[2].strip("/")
        held += path == group.name or path.startswith(f"{group.name}/")
    return held >= len(group.layout.hierarchies)


def _in_namespace_of(init: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        namespace = Path(f"/proc/{init}/ns/pid").readlink()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):
                    if (folder / "ns/pid").readlink() == namespace:
                        yield int(folder.name)


def _id_map(path: str) -> list[tuple[int, int, int]]:
    with contextlib.suppress(OSError):
        rows = (line.split() for line in files.read(path).splitlines())
        return [(int(inside), int(outside), int(count)) for inside, outside, count in rows]
    return []


def _inside(uid: int, users: list[tuple[int, int, int]]) -> int:
    """The user inside that a user of the host is; nobody where he is none."""
    for inside, outside, count in users:
        if outside <= uid < outside + count:
            return inside + uid - outside
    return _NOBODY
