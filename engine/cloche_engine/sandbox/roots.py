"""From the host's root to the container's own, by way of one that has nothing (pivot_root(2))."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import detach, move_mount, pivot_root_here
from cloche_engine.sandbox.mounts import STAGE
from cloche_engine.sandbox.operation import Context

_STAGED = ("/dev", "/proc", "/sys")


@dataclass(frozen=True, slots=True)
class LeaveHost:
    """The tmpfs of the written files becomes the only root; the host's is unmounted whole.

    What was staged goes with it. pivot_root(2) looks at every process of the machine and the end of
    so many mounts waits for all processors: none of it once somebody waits for the program.
    """

    def describe(self) -> str:
        """In words."""
        return "pivot_root"

    def run(self, context: Context) -> None:
        """Do it."""
        for place in _STAGED:
            os.mkdir(STAGE + place)
            move_mount(context.take(place), k.AT_FDCWD, STAGE + place)
        os.mkdir(STAGE + STAGE)
        os.chdir(STAGE)
        pivot_root_here()
        detach(".")
        os.chdir("/")


@dataclass(frozen=True, slots=True)
class EnterRoot:
    """The container's tree covers what little there is, as an initramfs is covered at boot.

    Below it lies, for ever out of reach, the tmpfs of files that the container has anyway.
    """

    def describe(self) -> str:
        """In words."""
        return "enter its root"

    def run(self, context: Context) -> None:
        """Do it."""
        move_mount(context.root, k.AT_FDCWD, "/")
        os.fchdir(context.root)
        os.chroot(".")
