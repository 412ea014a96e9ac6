"""Weight and rates of input and output: `<blkiotune>`."""

from __future__ import annotations

from dataclasses import fields

from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.values import branch, child_text, leaf, number
from cloche_engine.definition.spec import IoDevice
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

_NUMBERS = tuple(entry.name for entry in fields(IoDevice) if entry.name != "path")


def read_io_weight(root: Element) -> int | None:
    """The weight in `<blkiotune>`."""
    return number(root.first("blkiotune"), "weight")


def read_io_devices(report: Report, root: Element) -> tuple[IoDevice, ...]:
    """The disks in `<blkiotune>`, in their order; each may be named once."""
    tune = root.first("blkiotune")
    found: dict[str, IoDevice] = {}
    for element in tune.all("device") if tune is not None else ():
        path = child_text(element, "path")
        if path is None:
            continue
        if path in found:
            reason = f"the limits of {path} stand here a second time"
            fix = fixes.remove_element(report.tree, element)
            report.error("duplicate", element, reason, "keep one <device>", fix)
        # 0 is how libvirt says that there is no limit.
        values = {name: number(element, name) or None for name in _NUMBERS}
        found.setdefault(path, IoDevice(path, **values))
    return tuple(found.values())


def io_markup(weight: int | None, devices: tuple[IoDevice, ...]) -> tuple[Markup, ...]:
    """`<blkiotune>` with a weight and disks."""
    return branch("blkiotune", leaf("weight", weight), tuple(map(_device, devices)))


def _device(device: IoDevice) -> Markup:
    parts = (leaf(name, getattr(device, name)) for name in _NUMBERS)
    inside = tuple(each for part in parts for each in part)
    return Markup("device", children=(*leaf("path", device.path), *inside))
