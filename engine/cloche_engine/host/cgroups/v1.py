"""Limits as the files of v1's controllers want them."""

from __future__ import annotations

from collections.abc import Iterator

from cloche_engine.host.cgroups.devices import Devices
from cloche_engine.host.cgroups.setting import PAGE, Setting
from cloche_engine.sandbox.plan.limits import DEFAULT_PERIOD_US, DEFAULT_SHARES, Limits

_UNLIMITED = str((1 << 63) // PAGE * PAGE - PAGE)
"""What "-1" reads as: the most bytes in whole pages that a long can hold."""
_RATES = {
    "read_bytes_sec": "read_bps", "write_bytes_sec": "write_bps",
    "read_iops_sec": "read_iops", "write_iops_sec": "write_iops",
}  # fmt: skip
_WEIGHTS = "blkio.bfq.weight_device"
PER_DEVICE = (_WEIGHTS, *(f"blkio.throttle.{old}_device" for old in _RATES.values()))
"""The files with a line for each device."""


def cpu(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """Shares, and the quota of each period."""
    shares = str(limits.cpu_shares or DEFAULT_SHARES)
    yield Setting("<cpushare>", f"{folder}/cpu.shares", shares, str(DEFAULT_SHARES))
    period = str(limits.cpu_period or DEFAULT_PERIOD_US)
    yield Setting("<period>", f"{folder}/cpu.cfs_period_us", period, str(DEFAULT_PERIOD_US))
    quota = str(limits.cpu_quota or -1)
    yield Setting("<quota>", f"{folder}/cpu.cfs_quota_us", quota, "-1")


def cpuset(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """Processors and memory nodes; its parent's where none are chosen."""
    parent = folder.rpartition("/")[0]
    for word, name, wanted in (
        ("<vcpu cpuset>", "cpuset.cpus", limits.cpus),
        ("<numatune>", "cpuset.mems", limits.mems),
    ):
        all_of_it = Setting(word, f"{parent}/{name}", "", "").held()
        yield Setting(word, f"{folder}/{name}", wanted or all_of_it, all_of_it, offer=all_of_it)


def memory(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """Memory, memory and swap together, and what is left of it when others are short."""
    most, both = limits.memory, limits.memory_swap or limits.memory
    yield _size("<memory>", f"{folder}/memory.limit_in_bytes", most)
    name = f"{folder}/memory.memsw.limit_in_bytes"
    yield _size("<swap_hard_limit>", name, both, unwished=not limits.memory_swap)
    yield _size("<soft_limit>", f"{folder}/memory.soft_limit_in_bytes", limits.memory_soft)


def _size(word: str, file: str, size: int, *, unwished: bool = False) -> Setting:
    return Setting(word, file, str(size) if size else _UNLIMITED, _UNLIMITED, unwished=unwished)


def pids(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """Most processes and threads."""
    yield Setting("<processes>", f"{folder}/pids.max", str(limits.processes or "max"), "max")


def io(folder: str, limits: Limits, devices: Devices) -> Iterator[Setting]:
    """The weight, which only the bfq scheduler heeds, and rates for each device."""
    weight = str(limits.io_weight or 100)
    yield Setting("<weight>", f"{folder}/blkio.bfq.weight", weight, "100",
                  unwished=not limits.io_weight)  # fmt: skip
    for number, wanted in devices.items():
        file = f"{folder}/{_WEIGHTS}"
        yield Setting("<weight>", file, str(wanted.weight), "0", number, unwished=not wanted.weight)
        for name, old in _RATES.items():
            file = f"{folder}/blkio.throttle.{old}_device"
            yield Setting(f"<{name}>", file, str(getattr(wanted, name)), "0", number)
