"""Reads the mounts of a container: typed, nested in the RFC's list, or untyped like libvirt's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cloche_engine.definition import names, units
from cloche_engine.definition.report import Report
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Location
from cloche_engine.definition.text.tree import Element

SOURCE_ATTRIBUTES = {
    FilesystemKind.MOUNT: "dir",
    FilesystemKind.TEMPLATE: "name",
    FilesystemKind.BLOCK: "dev",
    FilesystemKind.FILE: "file",
    FilesystemKind.RAM: "usage",
    FilesystemKind.BIND: "dir",
}
"""Which attribute of `<source>` says what is mounted."""

_STARTABLE = {FilesystemKind.MOUNT, FilesystemKind.RAM}
_KINDS = {kind.value: kind for kind in FilesystemKind}


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount and the element behind it: `<mount>` in the nested form, else `<filesystem>`."""

    element: Element
    filesystem: Filesystem

    @property
    def is_nested(self) -> bool:
        """Whether it stands in the RFC's list."""
        return self.element.name == "mount"


def mounts(container: Element | None) -> list[Mount]:
    """All mounts in document order, as they are written, right or wrong."""
    if container is None:
        return []
    found: list[Mount] = []
    for element in container.all("filesystem"):
        nested = element.all("mount")
        if nested:
            found += [Mount(mount, _read(mount, FilesystemKind.MOUNT)) for mount in nested]
        elif _is_single(element):
            found.append(Mount(element, _read(element, kind_of(element))))
    return found


def kind_of(element: Element) -> FilesystemKind:
    """The kind of a single `<filesystem>`; without a type its children decide."""
    named = _KINDS.get(element.attributes.get("type", ""))
    if named is not None:
        return named
    return FilesystemKind.TEMPLATE if element.first("template") else FilesystemKind.MOUNT


def size_unit(source: Element) -> str:
    """The unit of a size in memory, KiB where none is written."""
    return source.attributes.get("unit", source.attributes.get("units", "KiB")).strip()


def _is_single(element: Element) -> bool:
    return "type" in element.attributes or any(
        child.name in {"source", "target", "template"} for child in element.children
    )


def _read(element: Element, kind: FilesystemKind) -> Filesystem:
    source = element.first("source")
    target = element.first("target")
    where = target.attributes.get("dir", "").strip() if target else ""
    if kind is FilesystemKind.TEMPLATE and target is None:
        where = "/"
    return Filesystem(
        kind,
        _source(element, source, kind),
        names.normal_path(where) if where.startswith("/") else where,
        element.first("readonly") is not None,
        _size(source) if kind is FilesystemKind.RAM else None,
    )


def _source(element: Element, source: Element | None, kind: FilesystemKind) -> str:
    if kind is FilesystemKind.RAM:
        return ""
    template = element.first("template")
    if kind is FilesystemKind.TEMPLATE and template is not None:
        return template.text.strip()
    return source.attributes.get(SOURCE_ATTRIBUTES[kind], "").strip() if source else ""


def _size(source: Element | None) -> int | None:
    if source is None:
        return None
    return units.to_kib(source.attributes.get("usage", "").strip(), size_unit(source))


def check_mounts(report: Report, container: Element | None) -> tuple[Filesystem, ...]:
    """Report what is wrong with the mounts; returns them with their places."""
    if container is None:
        return ()
    for element in container.all("filesystem"):
        _check_form(report, element)
    found = mounts(container)
    for mount in found:
        _check_mount(report, mount)
    _check_targets(report, found)
    return tuple(_located(report, mount) for mount in found)


def _located(report: Report, mount: Mount) -> Filesystem:
    return replace(mount.filesystem, location=Location(*report.tree.place(mount.element)))


def _check_form(report: Report, element: Element) -> None:
    known = {child.name for child in element.children}
    if "mount" in known and (_is_single(element) or "readonly" in known):
        report.error(
            "mixed-filesystem",
            element,
            "this <filesystem> is both a list of <mount> and a mount of its own",
            "keep either the <mount>s, or type, <source> and <target>",
        )
    elif not known and "type" not in element.attributes and element.text.strip():
        report.error(
            "filesystem",
            element,
            "this <filesystem> names its mount as text, in an order that cannot be known",
            "write <source dir='...'/> and <target dir='...'/> in it",
        )


def _check_mount(report: Report, mount: Mount) -> None:
    element, fs = mount.element, mount.filesystem
    if fs.kind not in _STARTABLE:
        report.warning(
            "not-supported-yet",
            element,
            f"a filesystem of type '{fs.kind}' is kept, but starting it is not supported yet",
            "use type='mount' with a directory of the host",
        )
    if element.first("target") is None and fs.kind is not FilesystemKind.TEMPLATE:
        report.error("missing", element, "the mount has no <target>", "add <target dir='/...'/>")
    if fs.kind is FilesystemKind.RAM:
        _check_size(report, element)
        return
    _check_source(report, mount)


def _check_source(report: Report, mount: Mount) -> None:
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


@dataclass(slots=True)
class _Node:
    """One directory of the container; `mount` is what is mounted there."""

    below: dict[str, _Node] = field(default_factory=dict)
    mount: Mount | None = None


def _check_targets(report: Report, found: list[Mount]) -> None:
    """Equal targets, and parents that would hide a mount made before them."""
    top = _Node()
    for mount in found:
        target = mount.filesystem.target
        if names.valid_path(target):
            continue
        node = top
        for part in filter(None, target.split("/")):
            node = node.below.setdefault(part, _Node())
        _check_target(report, mount, node)
        node.mount = node.mount or mount


def _check_target(report: Report, mount: Mount, node: _Node) -> None:
    target = names.short(mount.filesystem.target)
    if node.mount is not None:
        line, _ = report.tree.place(node.mount.element)
        report.error(
            "same-target",
            mount.element,
            f"{target} is mounted a second time, the first is in line {line}",
            "remove one of them",
        )
    elif node.below and target != "/":
        hidden = next(_mounted(node))
        line, _ = report.tree.place(hidden.element)
        below = names.short(hidden.filesystem.target)
        report.error(
            "hidden-mount",
            mount.element,
            f"{target} would hide {below}, mounted before it in line {line}",
            f"move the mount of {target} above line {line}",
        )


def _mounted(node: _Node) -> Iterator[Mount]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.mount is not None:
            yield current.mount
        waiting += current.below.values()
