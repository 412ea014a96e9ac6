"""Limits of space: the kernel keeps that of a whole filesystem alone, here one in memory."""

from __future__ import annotations

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container.filesystems import HARD_LIMIT, SOFT_LIMIT, Mount
from cloche_engine.definition.spec import Filesystem, FilesystemKind

CODE = "space-limit"
"""What the warning is called."""

_GIB_KIB = 1 << 20


def why_no_limit(filesystem: Filesystem) -> tuple[str, str] | None:
    """Why it cannot be started with its limits of space, and what to do; None where it can."""
    is_ram = filesystem.kind is FilesystemKind.RAM
    if filesystem.soft_kib is None and (filesystem.size_kib is None or is_ram):
        return None
    target = filesystem.target
    if is_ram:
        return f"memory at {target} has no soft limit of space", "remove <space_soft_limit>"
    if filesystem.kind in {FilesystemKind.FILE, FilesystemKind.BLOCK}:
        return f"the filesystem at {target} has its own size", "remove its limits of space"
    made = f"truncate -s {filesystem.size_kib or _GIB_KIB}K FILE, mkfs.ext4 FILE"
    return (
        f"the kernel limits the space of a whole filesystem, not of a folder such as {target}",
        f"use type='file' with an image ({made}), or type='ram', or remove its limits of space",
    )


def check_space(report: Report, mount: Mount) -> None:
    """Warn of a limit that no start can keep."""
    why = why_no_limit(mount.filesystem)
    if why is not None:
        reason, hint = why
        limits = (mount.element.first(name) for name in (HARD_LIMIT, SOFT_LIMIT))
        where = next((each for each in limits if each is not None), mount.element)
        report.warning(CODE, where, f"the container will not start: {reason}", hint)
