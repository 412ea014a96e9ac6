"""The trees of control groups that a host has mounted, and folders made and removed in them."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.kernel import files

WANTED = ("cpu", "cpuset", "io", "memory", "pids")
"""Controllers by their names on v2."""
_COUNTS = "cpuacct"
"""Counts processor time on v1, where no unified tree does."""
_GUARDS = "devices"
"""Refuses devices on v1, where no unified tree takes a program for it."""
_OLD_NAMES = {"blkio": "io"}
_INHERITED = ("cpuset.cpus", "cpuset.mems")
_MOUNTS = Path("/proc/self/mountinfo")
_TRIES = 8


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


def detect(mountinfo: str | None = None) -> Layout:
    """Which trees there are, from /proc/self/mountinfo (cgroups(7))."""
    text = mountinfo if mountinfo is not None else os.fsdecode(_MOUNTS.read_bytes())
    found = list(_hierarchies(text))
    v2 = [tree for tree in found if tree.version == 2][:1]
    unneeded = {_COUNTS, _GUARDS} if v2 else set()
    v1 = [tree for tree in found if tree.version == 1 and tree.controllers - unneeded]
    return Layout((*v1, *v2))


def _hierarchies(mountinfo: str) -> Iterator[Hierarchy]:
    # Any user may mount on a folder of his (fusermount3(1)), and only its blanks are written out.
    for line in filter(None, mountinfo.split("\n")):
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        path = Path(before.split(" ")[4])
        if kind == "cgroup":
            yield Hierarchy(path, 1, _wanted(options.split(",")))
        elif kind == "cgroup2":
            with contextlib.suppress(OSError):
                yield Hierarchy(path, 2, _wanted(files.read(f"{path}/cgroup.controllers").split()))


def _wanted(names: list[str]) -> frozenset[str]:
    return frozenset(_OLD_NAMES.get(name, name) for name in names) & {*WANTED, _COUNTS, _GUARDS}


def make(tree: Hierarchy, name: str) -> None:
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
        above, here = here, here / part
        with contextlib.suppress(FileExistsError):
            here.mkdir()
        if tree.version == 1 and "cpuset" in tree.controllers:
            _inherit(above, here)


def _delegate(directory: Path, controllers: frozenset[str]) -> None:
    enabled = (directory / "cgroup.subtree_control").read_text().split()
    missing = sorted(controllers - set(enabled))
    if missing:
        text = " ".join(f"+{controller}" for controller in missing)
        (directory / "cgroup.subtree_control").write_text(text)


def _inherit(above: Path, here: Path) -> None:
    """A new group of v1's cpuset has no processor and no memory, and lets nobody in (cpuset(7))."""
    for name in _INHERITED:
        if not files.read(f"{here}/{name}").strip():
            files.write(f"{here}/{name}", files.read(f"{above}/{name}"))


def _remove_whole(group: Path) -> None:
    try:
        group.rmdir()
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _remove_inside(group)
        group.rmdir()


def _remove_inside(group: Path) -> None:
    """The groups that an init made inside, innermost first; their paths may exceed PATH_MAX."""
    for _folder, names, _files, descriptor in os.fwalk(group, topdown=False):
        for name in names:
            with contextlib.suppress(OSError):
                os.rmdir(name, dir_fd=descriptor)


def remove_upwards(base: Path, name: str) -> bool:
    """Remove a group, and its parents where they are empty; False while processes are in it."""
    path = base / name
    try:
        _remove_whole(path)
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


def sweep(layout: Layout, parent: str) -> None:
    """Remove the groups below `parent` that no process is in: what killed processes left."""
    for tree in layout.hierarchies:
        with contextlib.suppress(OSError):
            for directory in (tree.path / parent).iterdir():
                if directory.is_dir():
                    remove_upwards(tree.path, f"{parent}/{directory.name}")
