"""What tests left behind: mounts, control groups, links, namespaces, processes, terminals.

A Watch compares the machine before and after. With `alone` set nobody else uses the machine, so
that everything new counts; otherwise only what is recognisably from this test run, because a
person's desktop mounts and connects things of its own.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

MARK = "CLOCHE_TEST_RUN"
"""Variable that names the run; every process that descends from it carries it, orphans too."""

_NAME = "cloche"
_LINK_PREFIXES = ("clv", "clm", "clb")
_HELD_NAMESPACES = ("net:[", "mnt:[", "pid:[", "user:[", "cgroup:[")
_RUN = re.compile(rb"(?:^|\0)%s=([^\0]+)" % MARK.encode())
_MADE_BY = re.compile(r"([0-9a-f]+)-[0-9a-f]+")
_PAUSE = 0.02
_PATIENCE = float(os.environ.get("CLOCHE_TEST_PATIENCE", "15"))
_BLOCKS = Path("/sys/block")
_CGROUPS = Path("/sys/fs/cgroup")
_NAMED_NETWORKS = Path("/run/netns")
_LINKS_OF_A_LEAF = 2


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of the machine; `identity` is what tells it from another of its kind."""

    kind: str
    identity: str
    description: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.description or self.identity}"


@dataclass(frozen=True, slots=True)
class Process:
    """What /proc says of a process; `run` is the mark that it carries, if any."""

    pid: int
    parent: int
    started: int
    command: str
    run: bytes

    @classmethod
    def read(cls, pid: int) -> Self | None:
        """The process, or None where it is gone, is a kernel thread, or only waits to be reaped."""
        try:
            state, *fields = _content(f"/proc/{pid}/stat").rpartition(b") ")[2].split()
            if state == b"Z":
                return None
            environment = _content(f"/proc/{pid}/environ")
            words = _content(f"/proc/{pid}/cmdline").replace(b"\0", b" ")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return None
        command = words.decode(errors="replace").strip()
        run = _RUN.search(environment)
        return cls(pid, int(fields[0]), int(fields[18]), command, run[1] if run else b"")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that counts, at one moment; equal things may exist several times (stacked mounts)."""

    things: Counter[Thing]
    pids: frozenset[int]
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Watch:
    """Tells what is new since a snapshot; `mark` and `folders` are this run's own.

    Without `machine` only its processes and descriptors count: another run changes the rest.
    What carries another run's mark is never ours, not even with `alone`.
    """

    mark: str
    folders: tuple[str, ...] = ()
    alone: bool = False
    machine: bool = True

    def snapshot(self) -> Snapshot:
        """The machine as it is now."""
        ours = list(self._processes())
        pids = frozenset(process.pid for process in ours)
        things = [*_own_descriptors(), *(_process_thing(process) for process in ours)]
        if not self.machine:
            return Snapshot(Counter(things), pids, frozenset())
        things += self._of_the_machine()
        return Snapshot(Counter(things), pids, frozenset(_control_group_folders()))

    def _of_the_machine(self) -> Iterator[Thing]:
        yield from self._mounts()
        yield from self._links()
        yield from self._loop_devices()
        yield from _named_networks()

    def remaining(self, before: Snapshot, seconds: float = _PATIENCE) -> list[Thing]:
        """What is new since `before`; waits up to `seconds` for the kernel to take things away."""
        deadline = time.monotonic() + seconds
        new = self._new(before)
        if new:
            gc.collect()  # descriptors in reference cycles are the interpreter's, not a test's
        while new and time.monotonic() < deadline:
            time.sleep(_PAUSE)
            new = self._new(before)
        return sorted(new.elements(), key=str)

    def _new(self, before: Snapshot) -> Counter[Thing]:
        now = self.snapshot()
        new = now.things - before.things
        new.update(self._control_groups(now.groups - before.groups, now.pids))
        for thing in list(new):
            behind = _pids_behind(thing)
            if behind & before.pids or any(_has_ancestor(pid, before.pids) for pid in behind):
                del new[thing]  # belongs to a fixture of wider scope, which ends it later
        return new

    def _mounts(self) -> Iterator[Thing]:
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            left, _, right = line.partition(" - ")
            root, target = left.split()[3:5]
            kind, source = right.split()[:2]
            if target == str(_NAMED_NETWORKS):
                continue  # iproute2 makes it at its first use since boot, and keeps it
            if self.alone or self._is_ours(root, target, source):
                yield Thing("mount", f"{target} of {kind} {source} {root}")

    def _is_ours(self, *paths: str) -> bool:
        return any(_NAME in path or path.startswith(self.folders) for path in paths)

    def _links(self) -> Iterator[Thing]:
        for _, name in socket.if_nameindex():
            if self.alone or name.startswith(_LINK_PREFIXES):
                yield Thing("link", name)

    def _loop_devices(self) -> Iterator[Thing]:
        for file in _BLOCKS.glob("loop*/loop/backing_file"):
            with contextlib.suppress(OSError):  # detached meanwhile
                path = file.read_text().strip()
                if self.alone or self._is_ours(path):
                    yield Thing("loop device", f"{file.parts[3]} {path}")

    def _control_groups(self, groups: frozenset[str], ours: frozenset[int]) -> Iterator[Thing]:
        for folder in groups:
            members = _members(folder) or _makers(folder)
            if self.alone or not members or members & (ours | {os.getpid()}):
                yield Thing("control group", folder)

    def _processes(self) -> Iterator[Process]:
        with os.scandir("/proc") as entries:
            pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
        table = {pid: process for pid in pids if (process := Process.read(pid))}
        for process in table.values():
            if process.pid != os.getpid() and self._is_our_process(process, table):
                yield process

    def _is_our_process(self, process: Process, table: dict[int, Process]) -> bool:
        ours, found = self.mark.encode(), b""
        ancestor: Process | None = process
        while ancestor:
            if ancestor.run == ours or ancestor.parent == os.getpid():
                return True
            found = found or ancestor.run
            ancestor = table.get(ancestor.parent)
        return self.alone and _NAME in process.command and not found


def _pids_behind(thing: Thing) -> frozenset[int]:
    """Whose a thing is, as far as it tells: a process itself, those in a control group."""
    if thing.kind == "process":
        return frozenset({int(thing.identity.partition("@")[0])})
    if thing.kind == "control group":
        return _members(thing.identity) or _makers(thing.identity)
    return frozenset()


def _has_ancestor(pid: int, ancestors: frozenset[int]) -> bool:
    process = Process.read(pid)
    while process:
        if process.parent in ancestors:
            return True
        process = Process.read(process.parent)
    return False


def _process_thing(process: Process) -> Thing:
    return Thing("process", f"{process.pid}@{process.started}", f"{process.pid} {process.command}")


def _control_group_folders() -> Iterator[str]:
    skipped = len(str(_CGROUPS))
    for name in _folders(str(_CGROUPS)):
        if f"/{_NAME}" in name[skipped:]:
            yield name


def _folders(top: str) -> Iterator[str]:
    """A folder of control groups and those below it.

    Each has dozens of files, which need no reading where its links say that no folder is among
    them: `.` and the name alone (kernfs counts them right).
    """
    with contextlib.suppress(OSError):  # removed meanwhile
        if Path(top).stat().st_nlink != _LINKS_OF_A_LEAF:
            with os.scandir(top) as entries:
                inner = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            for name in inner:
                yield from _folders(name)
        yield top


def _content(path: str) -> bytes:
    with Path(path).open("rb", buffering=0) as file:
        return file.readall()


def _makers(folder: str) -> frozenset[int]:
    """Who made an empty group, and those in it, as far as they live: the names tell (PID-TIME).

    A neighbour's container that waits for its plan is in none of its v1 groups yet.
    """
    names = (name.rpartition("/")[2] for name in _folders(folder))
    found = (_MADE_BY.fullmatch(name) for name in names)
    pids = (int(match[1], 16) for match in found if match)
    return frozenset(pid for pid in pids if Path(f"/proc/{pid}").exists())


def _members(folder: str) -> frozenset[int]:
    members: set[int] = set()
    for name in _folders(folder):
        try:
            members.update(map(int, _content(f"{name}/cgroup.procs").split()))
        except OSError:  # removed meanwhile, or of the threaded kind, which lists none
            continue
    return frozenset(members)


def _named_networks() -> Iterator[Thing]:
    if _NAMED_NETWORKS.is_dir():
        for path in _NAMED_NETWORKS.iterdir():
            yield Thing("network namespace", path.name)


def _own_descriptors() -> Iterator[Thing]:
    for path in Path("/proc/self/fd").iterdir():
        try:
            target = path.readlink().as_posix()
        except FileNotFoundError:  # the descriptor of this very listing
            continue
        if target.startswith(_HELD_NAMESPACES):
            yield Thing("held namespace", f"{target} as descriptor {path.name}")
        elif target.endswith("/ptmx") or "/pts/" in target:
            yield Thing("terminal", f"{target} as descriptor {path.name}")
