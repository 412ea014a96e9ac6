"""The container's own /dev: bound device nodes, links, a devpts and the console (devpts(5)).

It is staged on the old root's /dev, in the mount namespace of the container, and moved in whole.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import mount_setattr, move_mount, new_filesystem, open_tree
from cloche_engine.kernel.terminals import open_pair, take_as_standard_streams
from cloche_engine.sandbox.mounts import closing
from cloche_engine.sandbox.operation import Context

NODES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = (
    ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"), ("core", "/proc/kcore"),
)  # fmt: skip
FILES = (*NODES, "console")
QUEUES = "/dev/mqueue"
FOLDERS = ("pts", "shm", "mqueue")
_TTY_GROUP = 5
_TERMINALS = "1024"
"""All containers together have 3072 (kernel.pty.max, kernel.pty.reserve); LXC's limit too."""
_QUIET = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC


@dataclass(frozen=True, slots=True)
class StageDev:
    """The folder that the parent made, with six harmless nodes bound from the host's.

    The parent makes it, because here the kernel refuses mknod at all times, and new files as long
    as there are no id maps.
    """

    def describe(self) -> str:
        """In words."""
        return "populate /dev"

    def run(self, context: Context) -> None:
        """Do it."""
        move_mount(context.take("/dev"), k.AT_FDCWD, "/dev")
        for name in (*NODES, "shm"):
            move_mount(context.take(f"dev:{name}"), k.AT_FDCWD, f"/dev/{name}")
        if QUEUES in context.descriptors:  # of the IPC namespace of somebody else
            move_mount(context.take(QUEUES), k.AT_FDCWD, QUEUES)
        else:
            _mount("mqueue", QUEUES, _QUIET)


@dataclass(frozen=True, slots=True)
class OpenConsole:
    """A pty of the container's own devpts on /dev/console; its master goes up to the monitor."""

    groups: int
    """How many groups it has: with few, terminals belong to that of its root."""

    def describe(self) -> str:
        """In words."""
        return "open the console"

    def run(self, context: Context) -> None:
        """Do it."""
        _mount("devpts", "/dev/pts", k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NOEXEC, newinstance=None,
               ptmxmode="0666", mode="0620", max=_TERMINALS,
               gid=str(_TTY_GROUP if self.groups > _TTY_GROUP else 0))  # fmt: skip
        master, peer = open_pair("/dev/pts/ptmx")
        context.descriptors["console"] = peer
        with closing(open_tree(peer, "")) as mount:
            mount_setattr(mount, k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NOEXEC)
            move_mount(mount, k.AT_FDCWD, "/dev/console")
        context.send_up("console", master)
        os.close(master)


@dataclass(frozen=True, slots=True)
class TakeConsole:
    """The console becomes the controlling terminal and the three standard streams."""

    def describe(self) -> str:
        """In words."""
        return "take the console"

    def run(self, context: Context) -> None:
        """Do it."""
        take_as_standard_streams(context.take("console"))


def _mount(kind: str, place: str, attributes: int, **options: str | None) -> None:
    with closing(new_filesystem(kind, attributes, **options)) as mount:
        move_mount(mount, k.AT_FDCWD, place)
