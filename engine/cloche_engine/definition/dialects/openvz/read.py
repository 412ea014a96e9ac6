"""Reads `<domain type='openvz'>` in each of its shapes, told apart by what stands in it.

Today's shape is libvirt's domain format; the two older ones put their own elements in the place of
its devices (see `old`). What says 0 in it is unset, as libvirt writes it for OpenVZ.
"""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.shape import check_shape
from cloche_engine.definition.dialects.openvz.devices import read_filesystems, read_interfaces
from cloche_engine.definition.dialects.openvz.number import check_number, check_vpsid
from cloche_engine.definition.dialects.openvz.old import read_january_2008, read_march_2007
from cloche_engine.definition.dialects.openvz.quota import kept_quotas
from cloche_engine.definition.domain.lifecycle import read_lifecycle
from cloche_engine.definition.domain.limits import read_cpu, read_memory
from cloche_engine.definition.domain.opaque import read_opaque
from cloche_engine.definition.domain.program import read_program
from cloche_engine.definition.domain.values import child_text, read_uuid
from cloche_engine.definition.schema.openvz import SCHEMA
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.tree import Element

_RIGHTS = {"idmap", "features", "seclabel", "disk", "hostdev"}


def read(report: Report) -> ContainerSpec | None:
    """The specification, what is wrong reported; None where the root is no `<domain>`."""
    root = report.tree.root
    if root.name != "domain":
        return None
    check_shape(report, SCHEMA)
    _check_shapes(report, root)
    spec = _read_shared(report, root)
    spec = read_january_2008(report, spec)
    spec = read_march_2007(report, spec)
    _check_rights(report, root)
    kept = [*kept_quotas(root), *(root.all("vpsid") if child_text(root, "name") else ())]
    return replace(spec, opaque=read_opaque(report, SCHEMA, kept_whole=kept))


def _read_shared(report: Report, root: Element) -> ContainerSpec:
    program, lifecycle = read_program(report, root), read_lifecycle(report, root)
    return ContainerSpec(
        name=_name(report, root),
        uuid=read_uuid(root),
        title=child_text(root, "title"),
        description=child_text(root, "description"),
        filesystems=read_filesystems(report),
        interfaces=read_interfaces(report),
        cpu=read_cpu(report, root, zero_is_unset=True),
        memory=read_memory(report, root, zero_is_unset=True),
        **program._asdict(),
        **lifecycle._asdict(),
    )


def _name(report: Report, root: Element) -> str:
    """`<name>`; the proposal of March 2007 has a number besides, which serves where that lacks."""
    name, number = root.first("name"), root.first("vpsid")
    if name is None and number is None:
        reason = "<domain> has no <name>, which is the container's number in OpenVZ"
        report.error("missing", root, reason, "add <name>101</name>")
    if name is not None and number is None:
        check_number(report, name)
    elif number is not None:
        check_vpsid(report, number)
    return child_text(root, "name") or child_text(root, "vpsid") or ""


def _check_shapes(report: Report, root: Element) -> None:
    """Two shapes in one document would each say where the root is and which addresses there are."""
    system, devices = root.first("os"), root.first("devices")
    names_template = system is not None and "template" in system.attributes
    found = [
        system if names_template else root.first("network"),
        root.first("container"),
        devices if devices is not None and _is_used(devices) else None,
    ]
    first, *others = [element for element in found if element is not None] or [root]
    for element in others:
        line, _ = report.tree.place(first)
        reason = f"<{element.name}> and <{first.name}> of line {line} are of different years"
        report.error("contradiction", element, reason, "keep the one that is meant")


def _check_rights(report: Report, root: Element) -> None:
    """Warn of what is kept, has no effect here, and would be felt by the host elsewhere."""
    devices = root.first("devices")
    found = [child for child in root.children if child.name in _RIGHTS]
    for device in devices.children if devices is not None else ():
        found += [device] if device.name in _RIGHTS else device.all("script")
    for element in found:
        reason = f"<{element.name}> is kept without an effect here; it counts as root-equivalent"
        report.warning("not-supported-yet", element, reason)


def _is_used(devices: Element) -> bool:
    return any(child.name in {"filesystem", "interface"} for child in devices.children)
