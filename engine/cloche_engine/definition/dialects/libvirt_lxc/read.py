"""Reads `<domain type='lxc'>`."""

from __future__ import annotations

from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.shape import check_shape
from cloche_engine.definition.dialects.libvirt_lxc import links, mounts
from cloche_engine.definition.domain.consoles import console_elements, other_consoles
from cloche_engine.definition.domain.disks import read_io_devices, read_io_weight
from cloche_engine.definition.domain.features import read_features
from cloche_engine.definition.domain.idmap import read_idmap
from cloche_engine.definition.domain.lifecycle import read_lifecycle
from cloche_engine.definition.domain.limits import (
    plain_numatune,
    read_cpu,
    read_memory,
)
from cloche_engine.definition.domain.namespaces import check_beside, read_namespaces
from cloche_engine.definition.domain.opaque import read_opaque
from cloche_engine.definition.domain.program import read_program
from cloche_engine.definition.domain.values import child_text, read_uuid, size_unit
from cloche_engine.definition.schema.libvirt import DOMAIN_TYPE, ROOT, SCHEMA
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.tree import Element
from cloche_engine.definition.units import to_kib


def read(report: Report) -> ContainerSpec | None:
    """The specification, what is wrong reported; None where it is no domain of type lxc."""
    root = report.tree.root
    if not _is_ours(report, root):
        return None
    check_shape(report, SCHEMA)
    program, features = read_program(report, root), read_features(report, root)
    spec = ContainerSpec(
        name=child_text(root, "name") or "",
        uuid=read_uuid(root),
        title=child_text(root, "title"),
        description=child_text(root, "description"),
        filesystems=mounts.read_mounts(report, _devices(root, "filesystem")),
        interfaces=links.read_links(report, _devices(root, "interface", "hostdev")),
        cpu=read_cpu(report, root),
        memory=read_memory(report, root),
        io_weight=read_io_weight(root),
        io_devices=read_io_devices(report, root),
        consoles=len(console_elements(root)) or None,
        idmap=read_idmap(report, root),
        namespaces=read_namespaces(report, root),
        **program._asdict(),
        **features._asdict(),
        **read_lifecycle(report, root)._asdict(),
        opaque=read_opaque(report, SCHEMA, set(_understood(root)), set(_kept_whole(root))),
    )
    check_beside(report, spec)
    return spec


def _is_ours(report: Report, root: Element) -> bool:
    kind = root.attributes.get("type")
    if root.name != ROOT:
        reason = f"the document is a <{names.short(root.name)}>, not a <domain>"
        hint = "a definition of libvirt begins with <domain type='lxc'>"
        report.error("foreign-root", root, reason, hint)
    elif kind != DOMAIN_TYPE:
        reason = f"a domain of type '{names.short(kind or '')}' is no container of libvirt"
        place = report.tree.attribute_place(root, "type")
        report.error("domain-type", place, reason, "only type='lxc' is read here")
    return root.name == ROOT and kind == DOMAIN_TYPE


def _devices(root: Element, *wanted: str) -> list[Element]:
    devices = root.first("devices")
    children = devices.children if devices is not None else []
    return [element for element in children if element.name in wanted]


def _understood(root: Element) -> Iterator[Element]:
    """What the schema marks as kept and the reader has read after all."""
    features = root.first("features")
    capabilities = features.first("capabilities") if features is not None else None
    found = (plain_numatune(root), capabilities, _same_memory(root))
    yield from (element for element in found if element is not None)


def _same_memory(root: Element) -> Element | None:
    """A `<currentMemory>` that says no more than `<memory>`."""
    current, memory = root.first("currentMemory"), root.first("memory")
    if current is None or memory is None or current.attributes.keys() - {"unit"}:
        return None
    one, other = (to_kib(e.text.strip(), size_unit(e)) for e in (current, memory))
    return current if one is not None and one == other else None


def _kept_whole(root: Element) -> Iterator[Element]:
    for element in _devices(root, "filesystem"):
        if not mounts.is_understood(element):
            yield element
    for element in _devices(root, "interface", "hostdev"):
        if not links.is_understood(element):
            yield element
    yield from other_consoles(root)
