"""The trees that a container is made of: opened, mapped and given mount points from outside.

Idmapped mounts are made here, by the parent, once per mount and before it is attached: inside the
container the kernel refuses (mount_setattr(2)). The host's own root is never idmapped: mapped, the
container's root would be the host's and read /etc/shadow; unmapped it is a stranger.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cloche_engine.host.storage import images
from cloche_engine.host.storage.mount_points import PRIVATE_NAMES, PRIVATE_TOP
from cloche_engine.host.storage.ownership import map_of_one
from cloche_engine.host.storage.source_paths import open_source
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import mount_setattr, open_tree
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import (
    HostRoot,
    MountPlan,
    OneOwner,
    Owners,
    SourceKind,
)

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


def open_mounts(plan: LaunchPlan, userns: int, opened: dict[str, int]) -> None:
    """Add what the declared mounts and the root are made of, mapped, by descriptor name."""
    root = () if plan.root is None else (("root", plan.root),)
    for name, mount in (*root, *numbered(plan.mounts)):
        if mount.from_outside:
            opened[name] = open_mount(mount, userns, plan, recursive=name != "root")
        elif mount.kind is SourceKind.TEMPLATE:
            _open_layers(name, mount, userns, opened)


def numbered(mounts: tuple[MountPlan, ...]) -> Iterator[tuple[str, MountPlan]]:
    """Each declared mount with the name of its descriptor."""
    return ((f"mount:{number}", mount) for number, mount in enumerate(mounts))


def open_mount(mount: MountPlan, userns: int, plan: LaunchPlan, *, recursive: bool = True) -> int:
    """A declared source with all that is mounted below it, its owners mapped as it says."""
    if mount.kind is SourceKind.TREE:
        source = open_source(mount.source)
        try:
            tree = open_tree(source, "", recursive=recursive)
        finally:
            os.close(source)
    else:
        tree = images.open_filesystem(mount)
    attributes = mount.attributes | (k.MOUNT_ATTR_RDONLY if mount.readonly else 0)
    try:
        _map(tree, mount, attributes, userns, plan)
    except BaseException:
        os.close(tree)
        raise
    return tree


def _map(tree: int, mount: MountPlan, attributes: int, userns: int, plan: LaunchPlan) -> None:
    match mount.owners, mount.owner:
        case Owners.ONE, OneOwner() as owner:
            with map_of_one(owner, plan) as mapped:
                mount_setattr(tree, attributes, userns=mapped, recursive=True)
        case Owners.BLOCK, _:
            mount_setattr(tree, attributes, recursive=True)
        case _:
            mount_setattr(tree, attributes, userns=userns, recursive=True)


def _open_layers(name: str, mount: MountPlan, userns: int, opened: dict[str, int]) -> None:
    """The template, and the folder of what the container writes to it: overlayfs is made inside.

    Its layers can be mapped, it itself cannot.
    """
    _make_upper(mount)
    for layer, folder in (("lower", mount.source), ("upper", mount.upper)):
        opened[f"{name}:{layer}"] = tree = open_tree(k.AT_FDCWD, folder)
        mount_setattr(tree, k.MOUNT_ATTR_NODEV, userns=userns)


def _make_upper(mount: MountPlan) -> None:
    """The top of the overlay looks as the folder of its upper layer does."""
    upper = Path(mount.upper)
    if (upper / "work").exists():
        return
    template = Path(mount.source).stat()
    for folder in (upper.parent.parent, upper.parent, upper):
        folder.mkdir(mode=0o700, exist_ok=True)
    changes = upper / "files"
    changes.mkdir(exist_ok=True)
    os.chown(changes, template.st_uid, template.st_gid)
    changes.chmod(stat.S_IMODE(template.st_mode))
    (upper / "work").mkdir(mode=0o700)
