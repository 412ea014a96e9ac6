"""The folder and nodes of a container's /dev, made by the parent: inside, mknod is refused."""

from __future__ import annotations

import os

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import mount_setattr, new_filesystem, open_tree
from cloche_engine.sandbox.devices import FILES, FOLDERS, LINKS, NODES


def make_dev() -> dict[str, int]:
    """Detached mounts of a /dev: its folder, the host's harmless nodes, and shm; by name."""
    attributes = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NOEXEC
    dev = new_filesystem("tmpfs", attributes, mode="0755", size="64k")
    opened = {"/dev": dev}
    for name in FILES:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=dev))
    for name in FOLDERS:
        os.mkdir(name, 0o755, dir_fd=dev)
    for name, destination in LINKS:
        os.symlink(destination, name, dir_fd=dev)
    for name in NODES:
        opened[f"dev:{name}"] = node = open_tree(k.AT_FDCWD, f"/dev/{name}")
        mount_setattr(node, attributes)
    attributes |= k.MOUNT_ATTR_NODEV
    opened["dev:shm"] = new_filesystem("tmpfs", attributes, mode="1777", size="64m")
    return opened


def give_dev(opened: dict[str, int], user: int, group: int) -> None:
    """Make host ids, the container's root, the owner of what was made for its /dev."""
    for name in (".", *(name for name, _ in LINKS)):
        os.chown(name, user, group, dir_fd=opened["/dev"], follow_symlinks=False)
    os.chown(".", user, group, dir_fd=opened["dev:shm"])
