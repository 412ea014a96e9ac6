"""Mounts of Linux-VServer, which its proposal calls disks, and back."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.targets import check_targets
from cloche_engine.definition.container.filesystem_checks import targets
from cloche_engine.definition.container.filesystems import Mount
from cloche_engine.definition.domain.values import either_mount
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Location
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

_SOURCES = {FilesystemKind.MOUNT: "path", FilesystemKind.BLOCK: "dev"}


def read_disks(report: Report, disks: list[Element]) -> tuple[Filesystem, ...]:
    """The mounts in document order, what is wrong with them reported."""
    found = [Mount(disk, _read_disk(report, disk)) for disk in disks]
    check_targets(report, targets(found), either_mount(report))
    return tuple(mount.filesystem for mount in found)


def _read_disk(report: Report, disk: Element) -> Filesystem:
    is_block = disk.attributes.get("type") == "block"
    kind = FilesystemKind.BLOCK if is_block else FilesystemKind.MOUNT
    return Filesystem(
        kind,
        _source(report, disk, _SOURCES[kind]),
        _target(report, disk),
        readonly=disk.first("readonly") is not None,
        location=Location(*report.tree.place(disk)),
    )


def write_disk(filesystem: Filesystem) -> tuple[Markup, ...]:
    """Its `<disk>`, nothing for a kind of mount that there is not."""
    attribute = _SOURCES.get(filesystem.kind)
    if attribute is None:
        return ()
    kind = "block" if filesystem.kind is FilesystemKind.BLOCK else "path"
    disk = Markup(
        "disk",
        (("type", kind), ("device", "path")),
        children=(
            Markup("source", ((attribute, filesystem.source),)),
            Markup("target", (("path", filesystem.target),)),
        ),
    )
    return (disk,)


def _source(report: Report, disk: Element, attribute: str) -> str:
    source = disk.first("source")
    if source is None:
        hint = f"add <source {attribute}='/...'/>"
        report.error("missing", disk, "the disk has no <source>", hint)
        return ""
    if attribute not in source.attributes:
        kind = disk.attributes.get("type", "path")
        reason = f"the source of a disk of type '{names.short(kind)}' has no {attribute}"
        report.error("missing", source, reason, f"write <source {attribute}='/...'/>")
    return source.attributes.get(attribute, "").strip()


def _target(report: Report, disk: Element) -> str:
    target = disk.first("target")
    if target is None:
        report.error("missing", disk, "the disk has no <target>", "add <target path='/...'/>")
        return ""
    path = target.attributes.get("path", "").strip()
    return names.normal_path(path) if path.startswith("/") else path
