"""`<filesystem>` below `<devices>`."""

from __future__ import annotations

from cloche_engine.definition import names, units
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.targets import check_targets
from cloche_engine.definition.container.filesystem_checks import (
    check_limits,
    check_source,
    targets,
)
from cloche_engine.definition.container.filesystems import (
    HARD_LIMIT,
    SOFT_LIMIT,
    SOURCE_ATTRIBUTES,
    Mount,
    space,
)
from cloche_engine.definition.domain.values import either_mount
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Location
from cloche_engine.definition.text.tree import Element

_KINDS = {kind.value: kind for kind in FilesystemKind}


def is_understood(element: Element) -> bool:
    """Whether it is of a type that can be told; a `volume` of a storage pool cannot."""
    source = element.first("source")
    return _kind(element) is not None and not (source is not None and "socket" in source.attributes)


def read_mounts(report: Report, elements: list[Element]) -> tuple[Filesystem, ...]:
    """The mounts in document order, what is wrong reported."""
    found = [
        Mount(element, _read(report, element, kind))
        for element in elements
        if (kind := _kind(element)) is not None and is_understood(element)
    ]
    for mount in found:
        _check(report, mount)
    check_targets(report, targets(found), either_mount(report))
    for element in elements:
        if not is_understood(element):
            _kept(report, element)
    return tuple(mount.filesystem for mount in found)


def _kept(report: Report, element: Element) -> None:
    kind = element.attributes.get("type", "mount").strip()
    reason = f"a filesystem of type '{names.short(kind)}' is kept as it is and mounts nothing here"
    source = element.first("source")
    said = source.attributes if source is not None else {}
    pool, volume = (names.short(said.get(name, "")) for name in ("pool", "volume"))
    if kind == "volume" and pool and volume:
        reason += f": only libvirt knows where its pool '{pool}' has the volume '{volume}'"
        hint = f"virsh vol-path --pool {pool} {volume} tells; write type='mount' and that path"
    elif "socket" in said:
        reason += ": what serves it at that socket is not known here"
        hint = "write type='mount' and <source dir='...'/>"
    else:
        hint = f"possible: {', '.join(_KINDS)}"
    report.warning("not-supported-yet", element, reason, hint)


def _kind(element: Element) -> FilesystemKind | None:
    return _KINDS.get(element.attributes.get("type", "mount").strip())


def _read(report: Report, element: Element, kind: FilesystemKind) -> Filesystem:
    target = element.first("target")
    where = target.attributes.get("dir", "").strip() if target is not None else ""
    is_ram = kind is FilesystemKind.RAM
    source = element.first("source")
    what = source.attributes.get(SOURCE_ATTRIBUTES[kind], "") if source is not None else ""
    return Filesystem(
        kind,
        "" if is_ram else what.strip(),
        names.normal_path(where) if where.startswith("/") else where,
        element.first("readonly") is not None,
        _usage(report, element) if is_ram else space(element, HARD_LIMIT),
        space(element, SOFT_LIMIT),
        location=Location(*report.tree.place(element)),
    )


def _check(report: Report, mount: Mount) -> None:
    check_limits(report, mount)
    kind, source = mount.filesystem.kind, mount.element.first("source")
    if kind is FilesystemKind.RAM:
        return
    check_source(report, mount)
    path = mount.filesystem.source
    if kind is FilesystemKind.MOUNT and source is not None and path and not path.strip("/."):
        report.warning(
            "root-source",
            report.tree.attribute_place(source, SOURCE_ATTRIBUTES[kind]),
            "the host's whole root directory is mounted, which libvirt does and Cloche does not",
            "leave out the mount on / and the container sees the host's own files, read-only",
        )


def _usage(report: Report, element: Element) -> int | None:
    """The size of a filesystem in memory, KiB where no unit is written."""
    source = element.first("source")
    usage = source.attributes.get("usage") if source is not None else None
    if source is None or usage is None:
        hint = "add <source usage='65536' units='KiB'/>"
        report.error("missing", element, "a filesystem in memory has no size", hint)
        return None
    unit = source.attributes.get("units", source.attributes.get("unit", "KiB")).strip()
    reason = None if units.valid_unit(unit) else units.valid_size(usage.strip(), unit)
    if reason:
        place = report.tree.attribute_place(source, "usage")
        report.error("usage", place, reason, "write a size, as usage='64' units='MiB'")
    return units.to_kib(usage.strip(), unit)
