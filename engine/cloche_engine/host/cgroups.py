"""Control groups on v1, v2 and hybrid hosts: a group per container, limits read back.

v1 and v2 as in Documentation/admin-guide/cgroup-v1 and cgroup-v2 of the kernel. On a hybrid host a
container has a group in each v1 hierarchy it needs and one in the unified tree.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.kernel import files
from cloche_engine.sandbox.plan.limits import Limits

WANTED = ("cpu", "memory", "pids")
DEFAULT_SHARES = 1024
_WEIGHT_MAX = 10000
_V1_MEMORY = ("memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.limit_in_bytes")
_V2_MEMORY = ("memory.current", "memory.peak", "memory.max")
_CHANGED = {
    1: ("cpu.shares", "memory.memsw.limit_in_bytes", "memory.limit_in_bytes"),
    2: ("cpu.weight", "memory.max", "memory.swap.max", "memory.oom.group"),
}
_TRIES = 8
_PAGE = os.sysconf("SC_PAGE_SIZE")


class LimitError(OSError):
    """The kernel refused a limit or rounded it to something else; the text says which."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted tree of groups; the unified one has version 2."""

    path: Path
    version: int
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """The trees of this host that containers get a group in."""

    hierarchies: tuple[Hierarchy, ...]

    @property
    def unified(self) -> Hierarchy | None:
        """The v2 tree, if any."""
        return next((tree for tree in self.hierarchies if tree.version == 2), None)

    def with_controller(self, controller: str) -> Hierarchy | None:
        """The tree that has a controller."""
        return next((tree for tree in self.hierarchies if controller in tree.controllers), None)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the kernel counts for a group; memory_limit is 0 where there is none."""

    cpu_usec: int
    memory: int
    memory_peak: int
    memory_limit: int
    processes: int
    cpu_shares: int
    oom_kills: int


def detect(mountinfo: str | None = None) -> Layout:
    """Which trees there are, from /proc/self/mountinfo (cgroups(7))."""
    text = mountinfo if mountinfo is not None else Path("/proc/self/mountinfo").read_text()
    found = list(_hierarchies(text))
    v1 = [tree for tree in found if tree.version == 1 and tree.controllers]
    v2 = [tree for tree in found if tree.version == 2][:1]
    return Layout((*v1, *v2))


def _hierarchies(mountinfo: str) -> Iterator[Hierarchy]:
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        path = Path(before.split(" ")[4])
        if kind == "cgroup":
            controllers = frozenset(options.split(",")) & frozenset(WANTED)
            yield Hierarchy(path, 1, controllers)
        elif kind == "cgroup2":
            with contextlib.suppress(OSError):
                available = (path / "cgroup.controllers").read_text().split()
                yield Hierarchy(path, 2, frozenset(available) & frozenset(WANTED))


def weight_of(shares: int) -> int:
    """cpu.weight for v1 shares: linear, so that ratios and the default (1024 = 100) stay."""
    return max(1, min(_WEIGHT_MAX, round(shares * 100 / DEFAULT_SHARES)))


class Group:
    """A group of one name in every tree; in the unified one its first process is born in it.

    To move a process there later waits for a lock of the kernel, 16 ms, whereas in a v1 tree a
    thread moves itself at once.
    """

    def __init__(self, layout: Layout, name: str) -> None:
        self._layout = layout
        self.name = name

    def create(self) -> None:
        """Make it in every tree; PermissionError or OSError say where it cannot be."""
        for tree in self._layout.hierarchies:
            _make(tree, self.name)

    def _file(self, tree: Hierarchy, name: str) -> str:
        return f"{tree.path}/{self.name}/{name}"

    def open_tasks(self) -> list[int]:
        """Descriptors of the v1 files that a thread writes 0 to in order to join."""
        return [
            os.open(self._file(tree, "tasks"), os.O_WRONLY | os.O_CLOEXEC)
            for tree in self._layout.hierarchies
            if tree.version == 1
        ]

    def open_unified(self) -> int:
        """A descriptor of it in the unified tree to be born in; -1 where there is none."""
        unified = self._layout.unified
        if unified is None:
            return -1
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        return os.open(self._file(unified, ""), flags)

    def apply(self, limits: Limits) -> None:
        """Write the limits and read them back; LimitError where the kernel has another value."""
        if limits.cpu_shares:
            self._apply_shares(limits.cpu_shares)
        if limits.memory:
            self._apply_memory(limits.memory)
        if limits.processes and (tree := self._layout.with_controller("pids")):
            _write(self._file(tree, "pids.max"), limits.processes)

    def change(self, limits: Limits) -> None:
        """Set shares and memory while it runs, 0 for none; after an OSError all is as before.

        A memory limit below what is used, page cache left out, is refused: the kernel would kill.
        """
        before = self._as_set()
        try:
            self._change(limits)
        except OSError:
            # Twice: on v1 none of the two limits of memory may pass the other on its way back.
            for file, text in (*before.items(), *before.items()):
                with contextlib.suppress(OSError):
                    files.write(file, text)
            raise

    def _as_set(self) -> dict[str, str]:
        """What stands in the files that a change writes to."""
        found = {}
        for tree in self._layout.hierarchies:
            for name in _CHANGED[tree.version]:
                with contextlib.suppress(OSError):
                    found[self._file(tree, name)] = files.read(self._file(tree, name)).strip()
        return found

    def _change(self, limits: Limits) -> None:
        if limits.cpu_shares or self._layout.with_controller("cpu"):
            self._apply_shares(limits.cpu_shares or DEFAULT_SHARES)
        if limits.memory:
            self._make_room(limits.memory)
            self._apply_memory(limits.memory)
        elif (tree := self._layout.with_controller("memory")) is not None:
            self._lift_memory(tree)

    def _make_room(self, size: int) -> None:
        tree = self._require("memory")
        names = _V1_MEMORY if tree.version == 1 else _V2_MEMORY
        cached = _keyed(self._file(tree, "memory.stat"))
        used = _number(self._file(tree, names[0]))
        used -= sum(cached.get(name, 0) for name in ("active_file", "inactive_file"))
        if used > size:
            raise LimitError(
                errno.EBUSY, f"{size >> 10} KiB are less than the {used >> 10} KiB that it uses"
            )
        if tree.version == 1:  # the other limit must never be below this one
            whole = size // _PAGE * _PAGE
            _write_where_possible(self._file(tree, "memory.memsw.limit_in_bytes"), whole)

    def _lift_memory(self, tree: Hierarchy) -> None:
        """No limit; on v1 the one of memory and swap together has to go first."""
        if tree.version == 1:
            _write_where_possible(self._file(tree, "memory.memsw.limit_in_bytes"), -1)
            files.write(self._file(tree, "memory.limit_in_bytes"), "-1")
        else:
            files.write(self._file(tree, "memory.max"), "max")
            with contextlib.suppress(OSError):
                files.write(self._file(tree, "memory.swap.max"), "max")

    def _apply_shares(self, shares: int) -> None:
        tree = self._require("cpu")
        name, value = (
            ("cpu.shares", shares) if tree.version == 1 else ("cpu.weight", weight_of(shares))
        )
        _write(self._file(tree, name), value)

    def _apply_memory(self, size: int) -> None:
        tree = self._require("memory")
        whole = size // _PAGE * _PAGE
        if tree.version == 1:
            _write(self._file(tree, "memory.limit_in_bytes"), whole)
            _write_where_possible(self._file(tree, "memory.memsw.limit_in_bytes"), whole)
        else:
            _write(self._file(tree, "memory.max"), whole)
            _write_where_possible(self._file(tree, "memory.swap.max"), 0)
            _write_where_possible(self._file(tree, "memory.oom.group"), 1)

    def _require(self, controller: str) -> Hierarchy:
        tree = self._layout.with_controller(controller)
        if tree is None:
            raise LimitError(
                errno.ENOTSUP,
                f"this host has no control group tree with the {controller} controller",
            )
        return tree

    def usage(self) -> Usage:
        """What it uses and what was set, from the kernel."""
        memory = self._memory()
        pids = self._layout.with_controller("pids")
        return Usage(
            cpu_usec=self._cpu_usec(),
            memory=memory[0],
            memory_peak=memory[1],
            memory_limit=memory[2],
            processes=_number(self._file(pids, "pids.current")) if pids else 0,
            cpu_shares=self._shares(),
            oom_kills=self.oom_kills(),
        )

    def _memory(self) -> tuple[int, int, int]:
        tree = self._layout.with_controller("memory")
        if tree is None:
            return 0, 0, 0
        names = _V1_MEMORY if tree.version == 1 else _V2_MEMORY
        used, peak, limit = (_number(self._file(tree, name)) for name in names)
        return used, max(used, peak), 0 if limit >= 1 << 60 else limit

    def _shares(self) -> int:
        tree = self._layout.with_controller("cpu")
        if tree is None:
            return 0
        if tree.version == 1:
            return _number(self._file(tree, "cpu.shares"))
        return round(_number(self._file(tree, "cpu.weight")) * DEFAULT_SHARES / 100)

    def _cpu_usec(self) -> int:
        # Also without any controller the unified tree counts processor time.
        unified = self._layout.unified
        if unified is not None:
            return _keyed(self._file(unified, "cpu.stat")).get("usage_usec", 0)
        tree = self._layout.with_controller("cpu")
        return _number(self._file(tree, "cpuacct.usage")) // 1000 if tree else 0

    def oom_kills(self) -> int:
        """How many of its processes the kernel killed for want of memory."""
        tree = self._layout.with_controller("memory")
        if tree is None:
            return 0
        name = "memory.oom_control" if tree.version == 1 else "memory.events"
        return _keyed(self._file(tree, name)).get("oom_kill", 0)

    def freeze(self, *, frozen: bool) -> None:
        """Stop or continue every process in it; OSError where the host cannot."""
        unified = self._layout.unified
        if unified is None:
            raise OSError(
                errno.ENOTSUP, "this host has no unified control group tree to pause with"
            )
        files.write(self._file(unified, "cgroup.freeze"), "1" if frozen else "0")

    def kill(self) -> None:
        """Kill whatever is left in it."""
        unified = self._layout.unified
        if unified is not None:
            with contextlib.suppress(OSError):
                files.write(self._file(unified, "cgroup.kill"), "1")

    def remove(self) -> bool:
        """Take it away in every tree, with empty parents; False while processes are in it."""
        trees = self._layout.hierarchies
        gone = [_remove_upwards(tree.path, self.name) for tree in trees]
        return all(gone)


def new_group(layout: Layout, parent: str) -> Group:
    """A fresh group below `parent` in every tree."""
    group = Group(layout, f"{parent}/{os.getpid():x}-{time.monotonic_ns():x}")
    group.create()
    return group


def sweep(layout: Layout, parent: str) -> None:
    """Remove the groups below `parent` that no process is in: what killed processes left."""
    for tree in layout.hierarchies:
        with contextlib.suppress(OSError):
            for directory in (tree.path / parent).iterdir():
                if directory.is_dir():
                    _remove_upwards(tree.path, f"{parent}/{directory.name}")


def _make(tree: Hierarchy, name: str) -> None:
    """Make a group and its parents; the parents may vanish meanwhile with another's last group."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            return _make_downwards(tree, name)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(tree.path / name))


def _make_downwards(tree: Hierarchy, name: str) -> None:
    here = tree.path
    for part in Path(name).parts:
        if tree.version == 2 and tree.controllers:
            _delegate(here, tree.controllers)
        here /= part
        with contextlib.suppress(FileExistsError):
            here.mkdir()


def _delegate(directory: Path, controllers: frozenset[str]) -> None:
    enabled = (directory / "cgroup.subtree_control").read_text().split()
    missing = sorted(controllers - set(enabled))
    if missing:
        text = " ".join(f"+{controller}" for controller in missing)
        (directory / "cgroup.subtree_control").write_text(text)


def _write(file: str, value: int) -> None:
    name = file.rpartition("/")[2]
    try:
        files.write(file, str(value))
    except OSError as error:
        raise LimitError(error.errno, f"the kernel refused {value} for {name}") from error
    if (found := _number(file)) != value:
        raise LimitError(errno.ERANGE, f"the kernel made {found} of {value} in {name}")


def _write_where_possible(file: str, value: int) -> None:
    with contextlib.suppress(OSError):
        files.write(file, str(value))


def _number(file: str) -> int:
    try:
        text = files.read(file).strip()
    except OSError:
        return 0
    return 1 << 62 if text == "max" else int(text)


def _keyed(file: str) -> dict[str, int]:
    try:
        lines = files.read(file).splitlines()
    except OSError:
        return {}
    pairs = (line.split() for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _remove_upwards(base: Path, name: str) -> bool:
    path = base / name
    try:
        path.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    for parent in path.parents:
        if parent == base:
            break
        try:
            parent.rmdir()
        except OSError:
            break
    return True
