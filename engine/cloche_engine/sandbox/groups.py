"""The container's control groups as its processes meet them (cgroup_namespaces(7))."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import move_mount, new_filesystem, unshare
from cloche_engine.sandbox.mounts import closing
from cloche_engine.sandbox.operation import Context

_PLACE = "/sys/fs/cgroup"


@dataclass(frozen=True, slots=True)
class JoinGroups:
    """Write 0 to the files of the control groups, then hide the host's part of their paths.

    A process that moves itself costs a tenth of one that is moved (v1); the files were opened by
    the host's root, whose rights count.
    """

    def describe(self) -> str:
        """In words."""
        return "join the control groups"

    def run(self, context: Context) -> None:
        """Do it."""
        for name, file in context.descriptors.items():
            if name.startswith("group:"):
                os.write(file, b"0")
        unshare(k.CLONE_NEWCGROUP)


@dataclass(frozen=True, slots=True)
class MountOwnGroups:
    """The container's part of the unified tree, for an init such as systemd to divide.

    Also on a host whose controllers are all in v1 trees: it counts and kills processes by it.
    """

    def describe(self) -> str:
        """In words."""
        return f"mount its control groups on {_PLACE}"

    def run(self, context: Context) -> None:
        """Do it."""
        attributes = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC
        with closing(new_filesystem("cgroup2", attributes)) as mount:
            move_mount(mount, k.AT_FDCWD, _PLACE)
