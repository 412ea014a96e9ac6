"""Mounts as rows of a table, and back, without losing what the table does not show."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloche_engine.definition.spec import Filesystem, FilesystemKind


@dataclass(frozen=True, slots=True)
class Mount:
    """One row; `origin` is the filesystem that it came from."""

    source: str = ""
    target: str = ""
    readonly: bool = False
    origin: Filesystem | None = None


def from_filesystems(filesystems: Sequence[Filesystem]) -> tuple[Mount, ...]:
    """The rows of a definition."""
    return tuple(Mount(_source(fs), fs.target, fs.readonly, fs) for fs in filesystems)


def _source(fs: Filesystem) -> str:
    if fs.kind is FilesystemKind.RAM:
        return f"RAM, {fs.size_kib} KiB" if fs.size_kib else "RAM"
    return fs.source


def source_is_fixed(mount: Mount) -> bool:
    """Whether the row's source is no path, so that the table only shows it."""
    return mount.origin is not None and mount.origin.kind is FilesystemKind.RAM


def to_filesystems(mounts: Sequence[Mount]) -> tuple[Filesystem, ...]:
    """The filesystems that the rows mean; ValueError names the first bad row."""
    return tuple(_filesystem(number, mount) for number, mount in enumerate(mounts, start=1))


def _filesystem(number: int, mount: Mount) -> Filesystem:
    source, target = mount.source.strip(), mount.target.strip()
    if not source or not target:
        missing = "directory of this host" if not source else "place in the container"
        raise ValueError(f"Mount {number} lacks its {missing}: fill it in or remove the row.")
    for path in (source, target):
        if not path.startswith("/") and not source_is_fixed(mount):
            raise ValueError(f"Mount {number}: “{path}” must be an absolute path; begin it with /.")
    if mount.origin is not None and (source, target) == (
        _source(mount.origin),
        mount.origin.target,
    ):
        return replace(mount.origin, readonly=mount.readonly)
    target = posixpath.normpath("/" + target.lstrip("/"))
    if mount.origin is None:
        return Filesystem(FilesystemKind.MOUNT, source, target, mount.readonly)
    if source_is_fixed(mount):
        return replace(mount.origin, target=target, readonly=mount.readonly)
    return replace(mount.origin, source=source, target=target, readonly=mount.readonly)
