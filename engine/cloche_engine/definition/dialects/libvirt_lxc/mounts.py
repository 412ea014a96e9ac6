"""`<filesystem>` below `<devices>`."""

from __future__ import annotations

from cloche_engine.definition import names, units
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.targets import check_targets
from cloche_engine.definition.container.filesystem_checks import targets
from cloche_engine.definition.container.filesystems import SOURCE_ATTRIBUTES, Mount
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Location
from cloche_engine.definition.text.tree import Element

_KINDS = {kind.value: kind for kind in FilesystemKind}
_HARD, _SOFT = "space_hard_limit", "space_soft_limit"


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
    check_targets(report, targets(found))
    for element in elements:
        if not is_understood(element):
            shown = names.short(element.attributes.get("type", "mount"))
            reason = f"a filesystem of type '{shown}' is kept as it is and mounts nothing here"
            report.warning("not-supported-yet", element, reason)
    return tuple(mount.filesystem for mount in found)


def _kind(element: Element) -> FilesystemKind | None:
    return _KINDS.get(element.attributes.get("type", "mount").strip())


def _read(report: Report, element: Element, kind: FilesystemKind) -> Filesystem:
    target = element.first("target")
    where = target.attributes.get("dir", "").strip() if target is not None else ""
    is_ram = kind is FilesystemKind.RAM
    hard, soft = (_space(report, element.first(name)) for name in (_HARD, _SOFT))
    if soft is not None and hard is not None and soft > hard:
        reason = f"the soft limit of space is above the hard one, {hard} KiB"
        report.error(_SOFT, element, reason, "make it smaller than that")
    return Filesystem(
        kind,
        "" if is_ram else _source(report, element, kind),
        names.normal_path(where) if where.startswith("/") else where,
        element.first("readonly") is not None,
        _usage(report, element) if is_ram else hard,
        soft,
        location=Location(*report.tree.place(element)),
    )


def _source(report: Report, element: Element, kind: FilesystemKind) -> str:
    attribute = SOURCE_ATTRIBUTES[kind]
    source = element.first("source")
    value = source.attributes.get(attribute, "").strip() if source is not None else ""
    if source is None:
        hint = f"add <source {attribute}='...'/>"
        report.error("missing", element, "the mount has no <source>", hint)
    elif attribute not in source.attributes:
        reason = f"the source of a filesystem of type '{kind}' has no attribute {attribute}"
        report.error("missing", source, reason, f"write <source {attribute}='...'/>")
    elif kind is FilesystemKind.MOUNT and value and not value.strip("/."):
        report.warning(
            "root-source",
            report.tree.attribute_place(source, attribute),
            "the host's whole root directory is mounted, which libvirt does and Cloche does not",
            "leave out the mount on / and the container sees the host's own files, read-only",
        )
    return value


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


def _space(report: Report, limit: Element | None) -> int | None:
    """A limit of space, bytes where no unit is written."""
    if limit is None:
        return None
    unit, text = limit.attributes.get("unit", "bytes").strip(), limit.text.strip()
    reason = None if units.valid_unit(unit) else units.valid_size(text, unit)
    if reason:
        place = report.tree.text_place(limit)
        hint = f"write <{limit.name} unit='GiB'>10</{limit.name}>"
        report.error(limit.name, place, f"<{limit.name}>: {reason}", hint)
    return units.to_kib(text, unit)
