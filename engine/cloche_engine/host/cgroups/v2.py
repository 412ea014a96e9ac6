"""Limits as the files of v2's controllers want them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace

from cloche_engine.host.cgroups import guarantee
from cloche_engine.host.cgroups.devices import Devices
from cloche_engine.host.cgroups.setting import PAGE, LimitError, Setting
from cloche_engine.sandbox.plan.limits import (
    DEFAULT_PERIOD_US,
    DEFAULT_SHARES,
    DeviceLimits,
    Limits,
)

_WEIGHT_MAX = 10000
_RATES = {"read_bytes_sec": "rbps", "write_bytes_sec": "wbps",
          "read_iops_sec": "riops", "write_iops_sec": "wiops"}  # fmt: skip
WEIGHTS = ("io.bfq.weight", "io.weight")
"""Of the bfq scheduler, and of the cost model where the kernel has that one."""
PER_DEVICE = (*WEIGHTS, "io.max")
"""The files with a line for each device."""


def weight_of(shares: int) -> int:
    """cpu.weight for v1 shares: linear, so that ratios and the default (1024 = 100) stay."""
    return max(1, min(_WEIGHT_MAX, round(shares * 100 / DEFAULT_SHARES)))


def shares_of(weight: int) -> int:
    """The v1 shares that a cpu.weight stands for."""
    return round(weight * DEFAULT_SHARES / 100)


def coarse_shares(shares: int) -> list[str]:
    """A sentence where the weight is more than a tenth off."""
    weight = weight_of(shares) if shares else 100
    found = shares_of(weight)
    if not shares or abs(found - shares) * 10 <= shares:
        return []
    return [f"<cpushare>: {shares} became the weight {weight}, which is {found} shares"]


def cpu(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """The weight, and the quota of each period."""
    weight = str(weight_of(limits.cpu_shares or DEFAULT_SHARES))
    yield Setting("<cpushare>", f"{folder}/cpu.weight", weight, "100")
    quota = f"{limits.cpu_quota or 'max'} {limits.cpu_period or DEFAULT_PERIOD_US}"
    yield Setting("<quota>", f"{folder}/cpu.max", quota, f"max {DEFAULT_PERIOD_US}")


def cpuset(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """Processors and memory nodes; its parent's where none are chosen."""
    yield _Chosen("<vcpu cpuset>", f"{folder}/cpuset.cpus", limits.cpus, "")
    yield _Chosen("<numatune>", f"{folder}/cpuset.mems", limits.mems, "")


class _Chosen(Setting):
    """A choice of what the host may not have: v2 takes it, and gives what there is."""

    @property
    def _whole(self) -> str:
        """All that its parent has."""
        folder, _, name = self.file.rpartition("/")
        above = folder.rpartition("/")[0]
        return replace(self, file=f"{above}/{name}.effective").held()

    def write(self, text: str) -> None:
        """See Setting; some kernels (6.1) let no group with processes be without a choice."""
        try:
            Setting.write(self, text)
        except OSError as error:
            if text or error.errno != errno.ENOSPC:
                raise
            Setting.write(self, self._whole)

    def is_met_by(self, held: str) -> bool:
        """See Setting."""
        return held == self.text or (not self.text and held == self._whole)

    def apply(self) -> str:
        """See Setting; LimitError where not all of it is given."""
        rounded = Setting.apply(self)
        given = replace(self, file=f"{self.file}.effective").held()
        if self.text and given != self.text:
            words = f"{self.word}: of {self.text} this host gives {given or 'none'}"
            raise LimitError(errno.ERANGE, words)
        return rounded


def memory(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """Memory, where it is slowed down, swap, what is kept, and whether all die of one's hunger."""
    most = limits.memory
    yield Setting("<memory>", f"{folder}/memory.max", str(most or "max"), "max")
    yield Setting("<soft_limit>", f"{folder}/memory.high", _high(limits), "max",
                unwished=not limits.memory_soft)  # fmt: skip
    swap = str(max(0, (limits.memory_swap or most) - most)) if most else "max"
    yield Setting("<swap_hard_limit>", f"{folder}/memory.swap.max", swap, "max",
                unwished=not limits.memory_swap)  # fmt: skip
    yield Setting("<min_guarantee>", f"{folder}/{guarantee.FILE}", str(limits.memory_guarantee),
                "0", unwished=not limits.memory_guarantee)  # fmt: skip
    yield Setting("<memory>", f"{folder}/memory.oom.group", str(int(limits.oom_group)), "0",
                unwished=True)  # fmt: skip


def _high(limits: Limits) -> str:
    """Above nine tenths the kernel takes page cache back before it has to kill anybody."""
    size = limits.memory_soft or limits.memory * 9 // 10 // PAGE * PAGE
    return str(size) if size else "max"


def pids(folder: str, limits: Limits, _: Devices) -> Iterator[Setting]:
    """Most processes and threads."""
    yield Setting("<processes>", f"{folder}/pids.max", str(limits.processes or "max"), "max")


def io(folder: str, limits: Limits, devices: Devices) -> Iterator[Setting]:
    """The weight, and rates for each device."""
    name = next((name for name in WEIGHTS if os.access(f"{folder}/{name}", os.F_OK)), WEIGHTS[-1])
    weight = str(limits.io_weight or 100)
    yield Setting("<weight>", f"{folder}/{name}", weight, "100", "default",
                  unwished=not limits.io_weight)  # fmt: skip
    for number, wanted in devices.items():
        own = str(wanted.weight or "default")
        yield Setting("<weight>", f"{folder}/{name}", own, "default", number,
                      unwished=not wanted.weight)  # fmt: skip
        nothing = _rates(DeviceLimits(wanted.path))
        yield Setting("<blkiotune>", f"{folder}/io.max", _rates(wanted), nothing, number)


def _rates(wanted: DeviceLimits) -> str:
    return " ".join(f"{new}={getattr(wanted, name) or 'max'}" for name, new in _RATES.items())
