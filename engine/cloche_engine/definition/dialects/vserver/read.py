"""Reads `<domain type='vserver'>` as it was proposed in November 2007, and the patch before it.

What the proposal leaves open is taken as follows, and said in a warning: memory counts KiB where it
has no unit, a rate of the scheduler is a part of one CPU (see `scheduler`), and an interface is a
link of the container's own with the addresses given, because the host's own network, from which
Linux-VServer lends them, would give the container more than it had.
"""

from __future__ import annotations

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.shape import check_shape
from cloche_engine.definition.dialects.vserver.addresses import read_interfaces
from cloche_engine.definition.dialects.vserver.disks import read_disks
from cloche_engine.definition.dialects.vserver.scheduler import (
    check_scheduler,
    has_more,
    read_scheduler,
)
from cloche_engine.definition.domain.opaque import read_opaque
from cloche_engine.definition.domain.values import attribute_text, child_text, read_size, read_uuid
from cloche_engine.definition.schema.vserver import SCHEMA
from cloche_engine.definition.spec import ContainerSpec, Memory
from cloche_engine.definition.text.tree import Element
from cloche_engine.definition.units import MIN_MEMORY_KIB


def read(report: Report) -> ContainerSpec | None:
    """The specification, what is wrong reported; None where the root is no `<domain>`."""
    root = report.tree.root
    if root.name != "domain":
        return None
    check_shape(report, SCHEMA)
    scheduler, container = root.first("scheduler"), root.first("container")
    check_scheduler(report, scheduler)
    kept = [*root.all("xid"), *([scheduler] if scheduler and has_more(scheduler) else [])]
    return ContainerSpec(
        name=child_text(root, "name") or "",
        uuid=read_uuid(root),
        hostname=attribute_text(container, "uts", "hostname"),
        machine=attribute_text(container, "uts", "machine"),
        filesystems=read_disks(report, _devices(root, "disk")),
        interfaces=read_interfaces(report, _devices(root, "interface")),
        cpu=read_scheduler(scheduler),
        memory=_memory(report, root.first("memory")),
        opaque=read_opaque(report, SCHEMA, kept_whole=kept),
    )


def _devices(root: Element, name: str) -> list[Element]:
    devices = root.first("devices")
    return devices.all(name) if devices is not None else []


def _memory(report: Report, element: Element | None) -> Memory:
    size = read_size(report, element, MIN_MEMORY_KIB, "leave <memory> out for no limit")
    if element is not None and size is not None and "unit" not in element.attributes:
        reason = f"<memory> has no unit; it is taken as {size} KiB"
        report.warning("memory", report.tree.text_place(element), reason, "add unit='KiB'")
    return Memory(max_kib=size)
