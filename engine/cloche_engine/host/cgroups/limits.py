"""The limits of a group: set at its start, changed while it runs, all or none of them."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator

from cloche_engine.host.cgroups import v1, v2
from cloche_engine.host.cgroups.devices import Devices, numbered, unheeded_weight
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.guarantee import claim
from cloche_engine.host.cgroups.setting import LimitError, Setting
from cloche_engine.host.cgroups.usage import memory_in_use
from cloche_engine.sandbox.plan.limits import DeviceLimits, Limits

_Settings = Callable[[str, Limits, Devices], Iterator[Setting]]
_ROOMS: dict[int, dict[str, _Settings]] = {
    1: {"cpu": v1.cpu, "cpuset": v1.cpuset, "memory": v1.memory, "pids": v1.pids, "io": v1.io},
    2: {"cpu": v2.cpu, "cpuset": v2.cpuset, "memory": v2.memory, "pids": v2.pids, "io": v2.io},
}
_PER_DEVICE = {1: v1.PER_DEVICE, 2: v2.PER_DEVICE}
_NEEDED: dict[str, tuple[str, ...]] = {
    "cpu": ("cpu_shares", "cpu_quota"),
    "cpuset": ("cpus", "mems"),
    "memory": ("memory", "memory_soft", "memory_swap"),
    "pids": (),
    "io": ("io_weight", "devices"),
}
"""What of the limits cannot be without a controller."""


def apply(group: Group, limits: Limits) -> list[str]:
    """Set the limits of a new group and read them back; what the kernel rounded, in sentences.

    LimitError where it has another value.
    """
    settings = _settings(group, limits, numbered(limits.devices))
    rounded = _apply_all([each for each in settings if not each.is_fresh])
    return rounded + _notices(group, limits)


def change(group: Group, limits: Limits) -> list[str]:
    """Set all limits while it runs, those that are unset too; after an OSError all is as before.

    A memory limit below what is used, page cache left out, is refused: the kernel would kill.
    """
    settings = list(_settings(group, limits, _limited(group) | numbered(limits.devices)))
    _make_room(group, limits.memory)
    before = [(each, each.held()) for each in settings]
    try:
        rounded = _apply_all([each for each, held in before if not each.is_met_by(held)])
        return rounded + _notices(group, limits)
    except OSError:
        # Twice: on v1 none of the two limits of memory may pass the other on its way back.
        for each, held in (*before, *before):
            each.restore(held)
        raise


def _notices(group: Group, limits: Limits) -> list[str]:
    """What holds otherwise than it was said, in sentences."""
    cpu, io, pids = map(group.layout.with_controller, ("cpu", "io", "pids"))
    said = unheeded_weight(limits, io.path if io else None)
    if cpu is not None and cpu.version == 2:
        said += v2.coarse_shares(limits.cpu_shares)
    said += claim(group, limits.memory_guarantee)
    if pids is None:
        said.append("<processes>: this kernel cannot limit them")
    return said


def _limited(group: Group) -> Devices:
    """The devices that have limits now, with none: what is not wanted any more is lifted."""
    tree, folder = group.layout.with_controller("io"), group.folder("io")
    if tree is None or folder is None:
        return {}
    texts = (Setting("", f"{folder}/{name}", "", "").held() for name in _PER_DEVICE[tree.version])
    first = (line.partition(" ")[0] for text in texts for line in text.splitlines())
    return {number: DeviceLimits(number) for number in first if ":" in number}


def _settings(group: Group, limits: Limits, devices: Devices) -> Iterator[Setting]:
    for controller, needing in _NEEDED.items():
        tree = group.layout.with_controller(controller)
        if tree is not None:
            settings = _ROOMS[tree.version][controller]
            yield from settings(f"{tree.path}/{group.name}", limits, devices)
        elif any(getattr(limits, name) for name in needing):
            words = f"this host has no control group tree with the {controller} controller"
            raise LimitError(errno.ENOTSUP, words)


def _apply_all(settings: Iterable[Setting]) -> list[str]:
    """Those that are refused are tried again after the others, on which they may depend."""
    rounded, refused = [], []
    for each in settings:
        try:
            rounded.append(each.apply())
        except LimitError:
            refused.append(each)
    rounded += [each.apply() for each in refused]
    return [words for words in rounded if words]


def _make_room(group: Group, size: int) -> None:
    used = memory_in_use(group) if size else 0
    if used > size:
        raise LimitError(
            errno.EBUSY, f"{size >> 10} KiB are less than the {used >> 10} KiB that it uses"
        )
