"""The trees that a container is made of: opened, mapped and given mount points from outside.

Idmapped mounts are made here, by the parent, once per mount and before it is attached: inside the
container the kernel refuses (mount_setattr(2)). The host's own root is never idmapped: mapped, the
container's root would be the host's and read /etc/shadow; unmapped it is a stranger.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cloche_engine.host.mount_points import PRIVATE_NAMES, PRIVATE_TOP, TreeRefusedError
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import mount_setattr, new_filesystem, open_tree
from cloche_engine.sandbox.devices import FILES, FOLDERS, LINKS, NODES
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import HostRoot, MountPlan

_NOT_SHARED = frozenset({"lost+found"})
_COVERED = ("/var/tmp",)  # noqa: S108 (a path inside the container)


def host_root(base: Path = Path("/")) -> HostRoot:
    """The parts of the host's root that are shared: its directories and links, less the private."""
    directories, links = [], []
    with os.scandir(base) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            if entry.name in PRIVATE_NAMES | _NOT_SHARED or entry.name.startswith("."):
                continue
            if entry.is_symlink():
                links.append((entry.name, str(Path(entry.path).readlink())))
            elif entry.is_dir():
                directories.append(entry.name)
    covered = tuple(path for path in _COVERED if (base / path.lstrip("/")).is_dir())
    return HostRoot(tuple(directories), tuple(links), PRIVATE_TOP, covered)


def open_host_directories(shared: HostRoot) -> dict[str, int]:
    """Detached read-only mounts of the shared directories, by descriptor name."""
    attributes = k.MOUNT_ATTR_RDONLY | k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV
    opened = {}
    for name in shared.directories:
        mount = open_tree(k.AT_FDCWD, f"/{name}")
        opened[f"host:{name}"] = mount
        mount_setattr(mount, attributes)
    return opened


def open_root(plan: LaunchPlan, userns: int) -> int:
    """The root tree, mapped to the container's ids."""
    mount = open_tree(k.AT_FDCWD, plan.root, follow=True)
    mount_setattr(mount, k.MOUNT_ATTR_NODEV | _readonly(plan.root_readonly), userns=userns)
    return mount


def open_mount(mount: MountPlan, userns: int) -> int:
    """A declared source with all that is mounted below it, mapped to the container's ids."""
    tree = open_tree(k.AT_FDCWD, mount.source, recursive=True, follow=True)
    attributes = k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOSUID | _readonly(mount.readonly)
    mount_setattr(tree, attributes, userns=userns, recursive=True)
    return tree


def _readonly(readonly: bool) -> int:
    return k.MOUNT_ATTR_RDONLY if readonly else 0


def check_sources(plan: LaunchPlan) -> list[bool]:
    """Whether each declared mount is a directory; TreeRefusedError where a source is missing."""
    if plan.root:
        _source_mode(plan.root, None)
    return [
        stat.S_ISDIR(_source_mode(mount.source, mount)) if mount.source else True
        for mount in plan.mounts
    ]


def _source_mode(source: str, mount: MountPlan | None) -> int:
    try:
        mode = Path(source).stat().st_mode
    except FileNotFoundError:
        raise TreeRefusedError(
            f"the source {source} does not exist",
            "make the directory, or correct the mount in the definition", mount,
        ) from None  # fmt: skip
    except OSError as error:
        raise TreeRefusedError(
            f"the source {source} cannot be opened: {error.strerror}",
            "choose a source that root can read", mount,
        ) from error  # fmt: skip
    if mount is None and not stat.S_ISDIR(mode):
        raise TreeRefusedError(f"the root {source} is not a directory", "name a directory", None)
    return mode


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


def give_dev(opened: dict[str, int], owner: int) -> None:
    """Make a host id, the container's root, the owner of what was made for its /dev."""
    for name in (".", *(name for name, _ in LINKS)):
        os.chown(name, owner, owner, dir_fd=opened["/dev"], follow_symlinks=False)
    os.chown(".", owner, owner, dir_fd=opened["dev:shm"])
