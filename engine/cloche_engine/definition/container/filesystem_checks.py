"""Tells what is wrong with the mounts of a definition."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from cloche_engine.definition import names, units
from cloche_engine.definition.checking.listing import Place
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.targets import check_targets
from cloche_engine.definition.container import homes
from cloche_engine.definition.container.filesystems import (
    HARD_LIMIT,
    MAX_LINES,
    SOFT_LIMIT,
    SOURCE_ATTRIBUTES,
    Mount,
    is_single,
    mounts,
    size_unit,
    space_unit,
    split_line,
)
from cloche_engine.definition.container.mount_options import check_options
from cloche_engine.definition.container.powers import grants_root
from cloche_engine.definition.container.space import check_space
from cloche_engine.definition.domain.values import either_mount
from cloche_engine.definition.spec import Access, Filesystem, FilesystemKind, Location
from cloche_engine.definition.text.tree import Element

_OWNER_HINT = "write <owner uid='1000' gid='1000' inside='0:0'/>"
_OWNED = {FilesystemKind.MOUNT, FilesystemKind.FILE, FilesystemKind.BLOCK}
"""Kinds whose files have owners of their own before the container is there."""


def check_mounts(report: Report) -> tuple[Filesystem, ...]:
    """Report what is wrong with the mounts; returns them with their places."""
    for element in homes.filesystems(report.tree.root):
        _check_form(report, element)
    found = mounts(report.tree.root)
    for mount in found:
        if mount.text is None:
            _check_mount(report, mount)
    for element, written in groupby(found, lambda mount: mount.element):
        lines = [mount.text for mount in written if mount.text is not None]
        place = report.tree.text_place(element) if lines else (1, 1)
        for line in lines:
            _check_text(report, place, line)
    check_targets(report, targets(found), either_mount(report))
    return tuple(_located(report, mount) for mount in found)


def targets(found: list[Mount]) -> list[tuple[Element, str]]:
    """Each mount's element with its target."""
    return [(mount.element, mount.filesystem.target) for mount in found]


def _located(report: Report, mount: Mount) -> Filesystem:
    return replace(mount.filesystem, location=Location(*report.tree.place(mount.element)))


def _check_form(report: Report, element: Element) -> None:
    known = {child.name for child in element.children}
    if "mount" in known and (is_single(element) or "readonly" in known):
        report.error(
            "mixed-filesystem",
            element,
            "this <filesystem> is both a list of <mount> and a mount of its own",
            "keep either the <mount>s, or type, <source> and <target>",
        )
    if not known and element.text.count("\n") > MAX_LINES:
        reason = f"this <filesystem> has more than the {MAX_LINES} lines that are read"
        report.error("filesystem", element, reason, "give each mount an element of its own")
    for each in (element, *element.all("mount")):
        text = each.text.strip()
        if text and (each.children or (each is element and is_single(element))):
            place = report.tree.text_place(each)
            report.warning("stray-text", place, f"text in <{each.name}> has no effect")


def _check_text(report: Report, place: Place, line: str) -> None:
    """The first revision wrote the target first, later ones the source."""
    parts = split_line(line)
    if parts is None:
        report.error(
            "filesystem",
            place,
            f"the mount '{names.short(line)}' is not written as TARGET = SOURCE",
            "write <source dir='...'/> and <target dir='...'/> in it",
        )
        return
    target, source = parts
    if reason := names.valid_path(target):
        report.error("path", place, reason)
    if reason := names.valid_mount_source(source):
        code = "root-source" if source.startswith("/") and not source.strip("/.") else "path"
        report.error(code, place, reason)


def _check_mount(report: Report, mount: Mount) -> None:
    element, fs = mount.element, mount.filesystem
    check_limits(report, mount)
    if element.first("target") is None and fs.kind is not FilesystemKind.TEMPLATE:
        report.error("missing", element, "the mount has no <target>", "add <target dir='/...'/>")
    if fs.kind is FilesystemKind.RAM:
        _check_size(report, element)
        return
    check_source(report, mount)


def check_start(report: Report) -> None:
    """What a start asks for besides: whose the files are, options and limits that it can keep."""
    for mount in mounts(report.tree.root):
        if mount.text is None:
            _check_owners(report, mount)
            check_options(report, mount)
            check_space(report, mount)


def _check_owners(report: Report, mount: Mount) -> None:
    element, fs = mount.element, mount.filesystem
    written = element.first("owner")
    if written is not None and fs.owner is None:
        report.error("owner", written, "its numbers cannot be read", _OWNER_HINT)
    elif written is not None and fs.access is not None:
        reason = "the mount says twice whose its files are: accessmode and <owner>"
        report.error("owner", written, reason, "keep one of them")
    elif (written is not None or fs.access is not None) and fs.kind not in _OWNED:
        reason = f"the files of a filesystem of type '{fs.kind}' are the container's own anyway"
        report.error("owner", written or element, reason, "remove <owner> and accessmode")
    elif fs.access is Access.PASSTHROUGH and grants_root(fs):
        report.warning(
            "root-equivalent",
            element,
            "whoever is root in the container can leave a program there that makes users of the "
            "host root",
            "add <readonly/>, or say whose files these are by <owner>",
        )


def check_source(report: Report, mount: Mount) -> None:
    """The source has to be there and to say what is mounted."""
    element, kind = mount.element, mount.filesystem.kind
    if kind is FilesystemKind.TEMPLATE and element.first("template") is not None:
        return
    attribute = SOURCE_ATTRIBUTES[kind]
    source = element.first("source")
    if source is None:
        hint = f"add <source {attribute}='...'/>"
        report.error("missing", element, "the mount has no <source>", hint)
    elif attribute not in source.attributes:
        reason = f"the source of a filesystem of type '{kind}' has no attribute {attribute}"
        report.error("missing", source, reason, f"write <source {attribute}='...'/>")


def _check_size(report: Report, element: Element) -> None:
    source = element.first("source")
    usage = source.attributes.get("usage") if source else None
    if source is None or usage is None:
        hint = "add <source usage='65536' unit='KiB'/>"
        report.error("missing", element, "a filesystem in memory has no size", hint)
        return
    unit = size_unit(source)
    reason = None if units.valid_unit(unit) else units.valid_size(usage.strip(), unit)
    if reason:
        place = report.tree.attribute_place(source, "usage")
        report.error("usage", place, reason, "write a size, as usage='64' unit='MiB'")


def _check_space(report: Report, limit: Element | None) -> None:
    unit = space_unit(limit) if limit is not None else ""
    if limit is None or units.valid_unit(unit):
        return
    if reason := units.valid_size(limit.text.strip(), unit):
        place = report.tree.text_place(limit)
        hint = f"write <{limit.name} unit='GiB'>10</{limit.name}>"
        report.error(limit.name, place, f"<{limit.name}>: {reason}", hint)


def check_limits(report: Report, mount: Mount) -> None:
    """The limits of space, and that the soft one lies below the hard one."""
    for name in (HARD_LIMIT, SOFT_LIMIT):
        _check_space(report, mount.element.first(name))
    hard, soft = mount.filesystem.size_kib, mount.filesystem.soft_kib
    limit = mount.element.first(SOFT_LIMIT)
    if limit is not None and hard is not None and soft is not None and soft > hard:
        reason = f"the soft limit of space is above the hard one, {hard} KiB"
        report.error(SOFT_LIMIT, limit, reason, "make it smaller than that")
