"""Steps that build the container's tree of mounts, all by descriptor (mount_namespaces(7))."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import (
    make_slave,
    mount_setattr,
    move_mount,
    new_filesystem,
    open_tree,
)
from cloche_engine.sandbox.operation import Context
from cloche_engine.sandbox.resolve import make, missing_below, open_in_root
from cloche_engine.sandbox.walk import open_without_links

_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
STAGE = "/tmp"  # noqa: S108 (only a place to hang the new root on, in a mount namespace of our own)


@contextlib.contextmanager
def closing(descriptor: int) -> Iterator[int]:
    """Close a descriptor at the end of the block."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class KeepMountsPrivate:
    """Nothing mounted from here on is seen outside.

    What the host unmounts goes here too: one that waits for its plan must not hold a disk busy.
    """

    def describe(self) -> str:
        """In words."""
        return "keep mounts private"

    def run(self, context: Context) -> None:
        """Do it."""
        make_slave("/")


@dataclass(frozen=True, slots=True)
class AttachRoot:
    """The root is a tree that the parent opened and mapped."""

    source: str
    line: int = 0
    column: int = 0

    def describe(self) -> str:
        """In words."""
        return f"attach {self.source} as root"

    def run(self, context: Context) -> None:
        """Do it."""
        mount = context.take("root")
        move_mount(mount, k.AT_FDCWD, STAGE)
        context.root = mount


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The root is an own tmpfs; the host's top directories are bound into it, never idmapped."""

    directories: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    private: tuple[tuple[str, int], ...]

    def describe(self) -> str:
        """In words."""
        return "build a root that shares the host's, read-only"

    def run(self, context: Context) -> None:
        """Do it."""
        mount = new_filesystem("tmpfs", k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV, mode="0755",
                               size="25%")  # fmt: skip
        move_mount(mount, k.AT_FDCWD, STAGE)
        context.root = mount
        for name, target in self.links:
            os.symlink(target, name, dir_fd=mount)
        for name, mode in self.private:
            os.mkdir(name, mode, dir_fd=mount)
            os.chmod(f"{STAGE}/{name}", mode)
        for name in self.directories:
            os.mkdir(name, 0o755, dir_fd=mount)
            with closing(open_in_root(mount, name)) as target_fd:
                move_mount(context.take(f"host:{name}"), target_fd)


@dataclass(frozen=True, slots=True)
class MountNew:
    """A new filesystem of this kind on a directory of the container."""

    kind: str
    target: str
    attributes: int = 0
    options: tuple[tuple[str, str | None], ...] = ()
    create: bool = False
    line: int = 0
    column: int = 0

    def describe(self) -> str:
        """In words."""
        return f"mount {self.kind} on {self.target}"

    def run(self, context: Context) -> None:
        """Do it."""
        if self.create:
            create_missing(context.root, self.target, directory=True)
        with (
            closing(open_in_root(context.root, self.target)) as target,
            closing(new_filesystem(self.kind, self.attributes, **dict(self.options))) as mount,
        ):
            move_mount(mount, target)


@dataclass(frozen=True, slots=True)
class Stage:
    """A new filesystem over a directory of the old root, until there is a new one to move it into.

    Made by a process whose mount namespace still shows the host's unmasked proc and sysfs.
    """

    kind: str
    place: str
    attributes: int

    def describe(self) -> str:
        """In words."""
        return f"make {self.kind}"

    def run(self, context: Context) -> None:
        """Do it."""
        mount = context.descriptors[self.place] = new_filesystem(self.kind, self.attributes)
        move_mount(mount, k.AT_FDCWD, self.place)


@dataclass(frozen=True, slots=True)
class StageMade:
    """A detached filesystem that is there already, over a directory of the old root."""

    place: str

    def describe(self) -> str:
        """In words."""
        return f"take {self.place}"

    def run(self, context: Context) -> None:
        """Do it."""
        move_mount(context.descriptors[self.place], k.AT_FDCWD, self.place)


@dataclass(frozen=True, slots=True)
class StageCopy:
    """A directory of the old root with all that is mounted in it, until there is a new root."""

    place: str
    attributes: int

    def describe(self) -> str:
        """In words."""
        return f"copy {self.place}"

    def run(self, context: Context) -> None:
        """Do it."""
        mount = context.descriptors[self.place] = open_tree(k.AT_FDCWD, self.place, recursive=True)
        mount_setattr(mount, self.attributes, recursive=True)
        move_mount(mount, k.AT_FDCWD, self.place)


@dataclass(frozen=True, slots=True)
class MoveIn:
    """What was staged at a place, with all that is mounted on it, moves there in the new root.

    Not through a link: programs trust /proc to be procfs, and one link could hide another's place.
    """

    place: str
    create: bool = False

    def describe(self) -> str:
        """In words."""
        return f"mount {self.place}"

    def run(self, context: Context) -> None:
        """Do it."""
        if self.create:
            create_missing(context.root, self.place, directory=True)
        with closing(open_without_links(context.root, self.place)) as target:
            move_mount(context.take(self.place), target)


@dataclass(frozen=True, slots=True)
class BindMount:
    """A mount that the parent opened, on a path of the container; `name` finds its descriptor."""

    name: str
    target: str
    create: bool = False
    directory: bool = True
    line: int = 0
    column: int = 0

    def describe(self) -> str:
        """In words."""
        return f"bind mount {self.name.removeprefix('mount:')} on {self.target}"

    def run(self, context: Context) -> None:
        """Do it."""
        if self.create:
            create_missing(context.root, self.target, directory=self.directory)
        with closing(open_in_root(context.root, self.target)) as target:
            move_mount(context.take(self.name), target)


@dataclass(frozen=True, slots=True)
class BindInside:
    """What the container has at one path is seen at another too."""

    source: str
    target: str
    attributes: int
    create: bool = False
    line: int = 0
    column: int = 0

    def describe(self) -> str:
        """In words."""
        return f"bind {self.source} on {self.target}"

    def run(self, context: Context) -> None:
        """Do it."""
        with closing(open_in_root(context.root, self.source)) as source:
            if self.create:
                directory = stat.S_ISDIR(os.fstat(source).st_mode)
                create_missing(context.root, self.target, directory=directory)
            with (
                closing(open_tree(source, "", recursive=True)) as mount,
                closing(open_in_root(context.root, self.target)) as target,
            ):
                mount_setattr(mount, self.attributes, recursive=True)
                move_mount(mount, target)


@dataclass(frozen=True, slots=True)
class WriteFiles:
    """Files such as /etc/hosts in a tmpfs of their own, each cloned to be bound over one."""

    files: tuple[tuple[str, str], ...]

    def describe(self) -> str:
        """In words."""
        return "write " + ", ".join(path for path, _ in self.files)

    def run(self, context: Context) -> None:
        """Do it; it stays where it is, because a detached mount's file has no clone."""
        with closing(new_filesystem("tmpfs", mode="0755", size="1m")) as tmpfs:
            move_mount(tmpfs, k.AT_FDCWD, STAGE)
            for number, (path, text) in enumerate(self.files):
                name = f"{number}"
                with closing(os.open(name, _NEW_FILE, 0o644, dir_fd=tmpfs)) as file:
                    os.write(file, text.encode())
                context.descriptors[f"file:{path}"] = open_tree(tmpfs, name)


@dataclass(frozen=True, slots=True)
class ProvideFiles:
    """Bind the files that were written over those of the tree."""

    paths: tuple[str, ...]
    create: bool = False

    def describe(self) -> str:
        """In words."""
        return "provide " + ", ".join(self.paths)

    def run(self, context: Context) -> None:
        """Do it; a path that the tree cannot carry is left as it is."""
        for path in self.paths:
            try:
                if self.create:
                    create_missing(context.root, path, directory=False)
                target = open_in_root(context.root, path)
            except OSError:
                continue
            with closing(target):
                move_mount(context.take(f"file:{path}"), target)


@dataclass(frozen=True, slots=True)
class MaskPaths:
    """Hide kernel files: an empty read-only tmpfs over directories, /dev/null over files."""

    paths: tuple[str, ...]

    def describe(self) -> str:
        """In words."""
        return "mask kernel files"

    def run(self, context: Context) -> None:
        """Do it; all directories show one tmpfs, for each is 20 KiB where 1,000 containers run."""
        empty = ""
        for path in filter(os.path.lexists, self.paths):
            if not os.path.isdir(path):
                mount = open_tree(k.AT_FDCWD, "/dev/null")
            elif empty:
                mount = open_tree(k.AT_FDCWD, empty)
            else:
                empty, mount = path, _empty()
            with closing(mount):
                move_mount(mount, k.AT_FDCWD, path)


def _empty() -> int:
    attributes = k.MOUNT_ATTR_RDONLY | k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV
    return new_filesystem("tmpfs", attributes, nr_blocks="1", nr_inodes="1")


@dataclass(frozen=True, slots=True)
class MakeReadOnly:
    """Bind paths of proc over themselves, read-only."""

    paths: tuple[str, ...]

    def describe(self) -> str:
        """In words."""
        return "make kernel settings read-only"

    def run(self, context: Context) -> None:
        """Do it."""
        for path in self.paths:
            if os.path.lexists(path):
                with closing(open_tree(k.AT_FDCWD, path, recursive=True)) as mount:
                    mount_setattr(mount, k.MOUNT_ATTR_RDONLY, recursive=True)
                    move_mount(mount, k.AT_FDCWD, path)


def create_missing(root: int, path: str, *, directory: bool) -> None:
    """Make what is missing of a path; only on filesystems that are the container's own."""
    for made in missing_below(root, path, directory=directory):
        make(root, made)
