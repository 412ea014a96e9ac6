"""Limits under `lxc.cgroup.` (hierarchies of v1) and `lxc.cgroup2.` (v2), which may stand together.

LXC follows those of the hierarchy that a host has and overlooks the others, so that a file for
every host has both. Here they have to mean the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloche_engine.definition import names
from cloche_engine.definition.conf import numbers
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.dialects.lxc_conf.memory import read_memory
from cloche_engine.definition.schema.domain import (
    DEFAULT_PERIOD_US,
    MAX_IO_WEIGHT,
    MAX_PROCESSES,
    MIN_IO_WEIGHT,
)
from cloche_engine.definition.spec import Cpu, Memory

V1, V2 = "lxc.cgroup.", "lxc.cgroup2."

_READ = frozenset(
    """
    cgroup.memory.limit_in_bytes cgroup2.memory.max cgroup.memory.soft_limit_in_bytes
    cgroup2.memory.high cgroup.memory.memsw.limit_in_bytes cgroup2.memory.swap.max
    cgroup2.memory.min cgroup.cpu.shares cgroup2.cpu.weight cgroup.cpu.cfs_quota_us
    cgroup.cpu.cfs_period_us cgroup2.cpu.max cgroup.cpuset.cpus cgroup2.cpuset.cpus
    cgroup.cpuset.mems cgroup2.cpuset.mems cgroup.blkio.weight cgroup2.io.weight
    cgroup.pids.max cgroup2.pids.max
    """.split()
)
_SIGNED = re.compile(r"-?[0-9]{1,19}")
_BANDWIDTH = re.compile(r"(max|[0-9]{1,19})(?:[ \t]+([0-9]{1,19}))?")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the control groups of a file limit."""

    cpu: Cpu
    memory: Memory
    io_weight: int | None
    processes: int | None


def read_limits(lookup: Lookup) -> Limits:
    """The limits of both versions; what is no limit here is kept as it stands."""
    for key in lookup.matching(V1, V2):
        if key.removeprefix("lxc.") not in _READ:
            for entry in lookup.entries(key):
                lookup.keep(entry)
    quota, period = _bandwidth(lookup)
    cpu = Cpu(
        _shares(lookup),
        quota,
        period,
        _cpus(lookup, "cpuset.cpus"),
        _cpus(lookup, "cpuset.mems"),
    )
    return Limits(cpu, read_memory(lookup), _io_weight(lookup), _processes(lookup))


def _shares(lookup: Lookup) -> int | None:
    old, new = lookup.last(V1 + "cpu.shares"), lookup.last(V2 + "cpu.weight")
    shares = _ranged(lookup, "cpushare", old, (names.MIN_SHARES, names.MAX_SHARES))
    weight = _ranged(lookup, "cpushare", new, (1, 10000))
    if weight is None or new is None:
        return shares
    if shares is None or old is None:
        shares = numbers.shares_of(weight)
        reason = f"cpu.weight {weight} is read as {shares} shares: 100 of it are 1024 of them"
        lookup.findings.warning("converted", new, reason, "the ratio to other containers stays")
    elif numbers.weight_of(shares) != weight:
        lookup.contradiction(old, new)
    return shares


def _io_weight(lookup: Lookup) -> int | None:
    old, new = lookup.last(V1 + "blkio.weight"), lookup.last(V2 + "io.weight")
    limits = (MIN_IO_WEIGHT, MAX_IO_WEIGHT)
    weight = _ranged(lookup, "io-weight", old, limits)
    text = new.value.removeprefix("default ").strip() if new else ""
    if new is None or ":" in text:
        if new is not None:
            lookup.keep(new)
        return weight
    if reason := names.valid_integer(text, 1, 10000):
        lookup.findings.error("io-weight", new, reason)
        return weight
    if weight is None or old is None:
        weight = numbers.blkio_weight_of(int(text))
        reason = f"io.weight {text} is read as {weight}: 100 of it are 500 of blkio.weight"
        lookup.findings.warning("converted", new, reason, "the ratio to other containers stays")
    elif numbers.io_weight_of(weight) != int(text):
        lookup.contradiction(old, new)
    return weight


def _processes(lookup: Lookup) -> int | None:
    """Both versions say it alike; max is no limit of its own."""
    old, new = lookup.last(V1 + "pids.max"), lookup.last(V2 + "pids.max")
    if old is not None and new is not None and old.value != new.value:
        lookup.contradiction(old, new)
    entry = old or new
    if entry is None or entry.value == "max":
        return None
    return _ranged(lookup, "processes", entry, (1, MAX_PROCESSES))


def _ranged(lookup: Lookup, code: str, entry: Entry | None, limits: tuple[int, int]) -> int | None:
    if entry is None:
        return None
    if reason := names.valid_integer(entry.value, *limits):
        lookup.findings.error(code, entry, f"{entry.key}: {reason}")
        return None
    return int(entry.value)


def _bandwidth(lookup: Lookup) -> tuple[int | None, int | None]:
    old = _old_bandwidth(lookup)
    entry = lookup.last(V2 + "cpu.max")
    found = _BANDWIDTH.fullmatch(entry.value) if entry else None
    if entry is None:
        return old
    if found is None:
        reason = f"'{names.short(entry.value)}' is no CPU time"
        lookup.findings.error("quota", entry, reason, "write MICROSECONDS PERIOD, or max")
        return old
    quota = None if found[1] == "max" else int(found[1])
    period = int(found[2]) if found[2] else None
    if wrong := numbers.valid_quota(quota, period):
        lookup.findings.error("quota", entry, wrong)
        return old
    first = lookup.last(V1 + "cpu.cfs_quota_us") or lookup.last(V1 + "cpu.cfs_period_us")
    if first is not None and _spelled(old) != _spelled((quota, period)):
        lookup.contradiction(first, entry)
    return old if first is not None else (quota, period)


def _spelled(bandwidth: tuple[int | None, int | None]) -> tuple[int | None, int]:
    return bandwidth[0], bandwidth[1] or DEFAULT_PERIOD_US


def _old_bandwidth(lookup: Lookup) -> tuple[int | None, int | None]:
    """Quota and period of v1, where less than nothing is no limit and nothing is none given."""
    found: list[int | None] = []
    for key in ("cpu.cfs_quota_us", "cpu.cfs_period_us"):
        entry = lookup.last(V1 + key)
        number = int(entry.value) if entry and _SIGNED.fullmatch(entry.value) else None
        number = None if number is not None and number <= 0 else number
        pair = (number, None) if key.endswith("quota_us") else (None, number)
        reason = numbers.valid_quota(*pair)
        if entry is not None and not _SIGNED.fullmatch(entry.value):
            reason = f"'{names.short(entry.value)}' is no whole number"
        if entry is not None and reason:
            lookup.findings.error("quota", entry, f"{entry.key}: {reason}")
        found.append(None if reason else number)
    return found[0], found[1]


def _cpus(lookup: Lookup, key: str) -> str | None:
    old, new = lookup.last(V1 + key), lookup.last(V2 + key)
    for entry in (old, new):
        if entry is not None and (reason := numbers.valid_cpus(entry.value)):
            lookup.findings.error("cpuset", entry, f"{entry.key}: {reason}")
    if old is not None and new is not None and old.value != new.value:
        lookup.contradiction(old, new)
    entry = old or new
    return entry.value if entry is not None else None
