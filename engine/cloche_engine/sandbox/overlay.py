"""A container's copy of a template: what it writes lies over it (overlayfs, Linux 5.19)."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import detach, mount_setattr, move_mount, new_filesystem
from cloche_engine.sandbox.mounts import STAGE, closing
from cloche_engine.sandbox.operation import Context
from cloche_engine.sandbox.resolve import open_in_root


@dataclass(frozen=True, slots=True)
class Overlay:
    """One tree of two that the parent opened and mapped; `name` finds them, and it from then on.

    Made in the container's user namespace: an overlay of the host's cannot be mapped. Its layers
    have to lie somewhere meanwhile, because older kernels take them by path alone.
    """

    name: str
    template: str
    attributes: int
    line: int = 0
    column: int = 0

    def describe(self) -> str:
        """In words."""
        return f"make a copy of {self.template}"

    def run(self, context: Context) -> None:
        """Do it; the layers are out of reach again at once."""
        with closing(new_filesystem("tmpfs", mode="0700", size="64k")) as table:
            move_mount(table, k.AT_FDCWD, STAGE)
            for layer in ("lower", "upper"):
                os.mkdir(layer, 0o700, dir_fd=table)
                with closing(open_in_root(table, layer)) as place:
                    move_mount(context.take(f"{self.name}:{layer}"), place)
        context.descriptors[self.name] = new_filesystem(
            "overlay", self.attributes, source="overlay", lowerdir=f"{STAGE}/lower",
            upperdir=f"{STAGE}/upper/files", workdir=f"{STAGE}/upper/work", userxattr=None,
        )  # fmt: skip
        detach(STAGE)


@dataclass(frozen=True, slots=True)
class SealOverlay:
    """No more writing to an overlay, once every mount point in it is made."""

    name: str
    target: str

    def describe(self) -> str:
        """In words."""
        return f"make {self.target} read-only"

    def run(self, context: Context) -> None:
        """Do it."""
        mount_setattr(context.take(self.name), k.MOUNT_ATTR_RDONLY)
