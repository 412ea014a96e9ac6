"""The container's own /dev: bound device nodes, links, a devpts and the console (devpts(5))."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import mount_setattr, move_mount, new_filesystem, open_tree
from cloche_engine.kernel.terminals import open_pair, take_as_standard_streams
from cloche_engine.sandbox.mounts import STAGE, closing
from cloche_engine.sandbox.operation import Context
from cloche_engine.sandbox.resolve import open_in_root

NODES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = (
    ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"), ("core", "/proc/kcore"),
)  # fmt: skip
_TTY_GROUP = "5"


@dataclass(frozen=True, slots=True)
class PopulateDev:
    """A tmpfs on /dev with six harmless nodes, bound from the host's (mknod is refused inside)."""

    def describe(self) -> str:
        """In words."""
        return "populate /dev"

    def run(self, context: Context) -> None:
        """Do it."""
        attributes = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NOEXEC
        dev = new_filesystem("tmpfs", attributes, mode="0755", size="64k")
        context.descriptors["dev"] = dev
        with closing(open_in_root(context.root, "/dev")) as target:
            move_mount(dev, target)
        for name in NODES:
            _touch(dev, name)
            with closing(open_in_root(dev, name)) as target:
                move_mount(context.take(f"node:{name}"), target)
        for name, destination in _LINKS:
            os.symlink(destination, name, dir_fd=dev)
        self._mount_below(dev)

    def _mount_below(self, dev: int) -> None:
        private = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC
        for name, kind, attributes, options in (
            ("pts", "devpts", k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NOEXEC,
             {"newinstance": None, "ptmxmode": "0666", "mode": "0620", "gid": _TTY_GROUP}),
            ("shm", "tmpfs", private, {"mode": "1777", "size": "64m"}),
            ("mqueue", "mqueue", private, {}),
        ):  # fmt: skip
            os.mkdir(name, 0o755, dir_fd=dev)
            with (
                closing(open_in_root(dev, name)) as target,
                closing(new_filesystem(kind, attributes, **options)) as mount,
            ):
                move_mount(mount, target)


@dataclass(frozen=True, slots=True)
class OpenConsole:
    """A pty of the container's own devpts on /dev/console; its master goes up to the monitor."""

    def describe(self) -> str:
        """In words."""
        return "open the console"

    def run(self, context: Context) -> None:
        """Do it."""
        master, peer = open_pair(f"{STAGE}/dev/pts/ptmx")
        context.descriptors["console"] = peer
        dev = context.take("dev")
        _touch(dev, "console")
        with closing(open_tree(peer, "")) as mount, closing(open_in_root(dev, "console")) as target:
            mount_setattr(mount, k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NOEXEC)
            move_mount(mount, target)
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


def _touch(directory: int, name: str) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    os.close(os.open(name, flags, 0o644, dir_fd=directory))
