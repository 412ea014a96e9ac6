"""Limits of memory: v1 counts memory and swap together as `memsw`, v2 swap alone."""

from __future__ import annotations

from cloche_engine.definition import names, units
from cloche_engine.definition.conf.checks import check_memory
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.conf.numbers import bytes_to_kib, valid_bytes
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.spec import Memory

V1, V2 = "lxc.cgroup.memory.", "lxc.cgroup2.memory."

_Found = tuple[int | None, Entry | None]


def read_memory(lookup: Lookup) -> Memory:
    """The limits in KiB, rounded up; memory.high is read as the soft limit."""
    most = _twins(lookup, _size(lookup, V1 + "limit_in_bytes"), _size(lookup, V2 + "max"))
    soft = _twins(lookup, _size(lookup, V1 + "soft_limit_in_bytes"), _size(lookup, V2 + "high"))
    both = _size(lookup, V1 + "memsw.limit_in_bytes")
    swap = _twins(lookup, both, _with_memory(lookup, most[0]))
    memory = Memory(most[0], soft[0], swap[0], _size(lookup, V2 + "min")[0])
    entries = {"soft": soft[1], "swap": swap[1]}
    check_memory(lookup.findings, memory, {name: entry for name, entry in entries.items() if entry})
    if most[0] is not None and most[1] is not None and most[0] < units.MIN_MEMORY_KIB:
        reason = f"{most[1].value} is less than {units.MIN_MEMORY_KIB} KiB, too little to run in"
        lookup.findings.error("memory", most[1], reason, "67108864 is 64 MiB, 64M as well")
    return memory


def _with_memory(lookup: Lookup, most: int | None) -> _Found:
    """What v2 says of swap alone, as memory and swap together."""
    swap, entry = _size(lookup, V2 + "swap.max")
    if swap is None or entry is None:
        return None, entry
    if most is None:
        reason = "swap is limited and memory is not, so no limit of both together follows"
        lookup.findings.warning("memory", entry, reason, "add lxc.cgroup2.memory.max")
        lookup.keep(entry)
        return None, entry
    return most + swap, entry


def _size(lookup: Lookup, key: str) -> _Found:
    entry = lookup.last(key)
    if entry is None or entry.value in {"max", "-1"}:
        return None, entry
    if reason := valid_bytes(entry.value):
        hint = "67108864 is 64 MiB, 64M as well"
        lookup.findings.error("memory", entry, f"{names.short(entry.key)}: {reason}", hint)
        return None, None
    return bytes_to_kib(entry.value), entry


def _twins(lookup: Lookup, old: _Found, new: _Found) -> _Found:
    first, second = old[1], new[1]
    if first is None or second is None:
        return old if second is None else new
    if old[0] != new[0]:
        lookup.contradiction(first, second)
    return old
