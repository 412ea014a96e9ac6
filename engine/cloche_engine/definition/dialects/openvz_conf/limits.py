"""Limits of CPU, memory and disk.

CPUUNITS are taken as shares, one for one: both are weights beside the other containers, and vzctl
itself writes them to cpu.shares on a kernel without OpenVZ. Its usual 1000 is a little less than
the usual 1024 there; among containers of OpenVZ every ratio stays.
"""

from __future__ import annotations

import re
from decimal import Decimal

from cloche_engine.definition import names
from cloche_engine.definition.conf import numbers
from cloche_engine.definition.conf.checks import check_memory
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.openvz_conf.lookup import Lookup
from cloche_engine.definition.schema.domain import DEFAULT_PERIOD_US, MAX_CPUS, MAX_PROCESSES
from cloche_engine.definition.spec import Cpu, Memory

PAGE = 4096
BLOCK = 1024
UNLIMITED = 2**63 - 1
MIN_UNITS, MAX_UNITS = 8, 500000
MAX_PERCENT = 1000000
PERCENT_US = DEFAULT_PERIOD_US // 100

_NUMBER = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,9})?)([tgmkpb]?)", re.IGNORECASE)
_UNITS = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4, "p": PAGE}
# LONG_MAX of 32 bits and of 64.
_NO_LIMIT = {2**31 - 1, UNLIMITED}
_Pair = tuple[int | None, int | None]


def read_cpu(lookup: Lookup) -> Cpu:
    """Weight, share of time, and which CPUs; CPULIMIT is a percentage of one of them."""
    percent = _percent(lookup)
    return Cpu(
        _units(lookup),
        None if percent is None else percent * PERCENT_US,
        None if percent is None else DEFAULT_PERIOD_US,
        _mask(lookup, "CPUMASK"),
        _mask(lookup, "NODEMASK"),
        _number(lookup, "CPUS"),
    )


def read_memory(lookup: Lookup) -> Memory:
    """PHYSPAGES and SWAPPAGES where memory is limited by them; else PRIVVMPAGES, as libvirt."""
    guarantee = read_pair(lookup, "VMGUARPAGES", PAGE)[0] or None
    _, most = read_pair(lookup, "PHYSPAGES", PAGE)
    _, swap = read_pair(lookup, "SWAPPAGES", PAGE)
    private = lookup.get("PRIVVMPAGES")
    if most is not None:
        if private is not None:
            lookup.keep(private, "it limits addresses beside the memory that PHYSPAGES limits")
        return Memory(most, None, None if swap is None else most + swap, guarantee)
    entry = lookup.get("SWAPPAGES")
    if entry is not None and swap is not None:
        lookup.keep(entry, "it limits swap where PHYSPAGES does not limit memory")
    soft, most = read_pair(lookup, "PRIVVMPAGES", PAGE)
    memory = Memory(most, soft, None, guarantee)
    check_memory(lookup.findings, memory, {"soft": private} if private is not None else {})
    return memory


def read_processes(lookup: Lookup) -> int | None:
    """Most processes and threads; NUMPROC's barrier, if another, is no limit here."""
    entry = lookup.get("NUMPROC")
    if entry is None:
        return None
    text = entry.value.rpartition(":")[2]
    if text == "unlimited" or names.parse_integer(text) in _NO_LIMIT:
        return None
    if reason := names.valid_integer(text, 1, MAX_PROCESSES):
        lookup.keep(entry, f"as most processes {reason}", 'write NUMPROC="240:240"')
        return None
    return int(text)


def read_pair(lookup: Lookup, key: str, unit: int) -> _Pair:
    """Barrier and limit in KiB, None for no limit; of a single number there is no barrier."""
    entry = lookup.get(key)
    if entry is None:
        return None, None
    first, colon, second = entry.value.partition(":")
    found = [_kib(text, unit) for text in ((first, second) if colon else (first,))]
    if None in found:
        reason = f"{key}: '{names.short(entry.value)}' is no BARRIER:LIMIT"
        hint = "numbers, with K, M or G where wanted, or unlimited"
        lookup.findings.error("memory" if unit == PAGE else "quota", entry, reason, hint)
        return None, None
    limits = [None if number is None or number < 0 else number for number in found]
    return (limits[0], limits[1]) if colon else (None, limits[0])


def _kib(text: str, unit: int) -> int | None:
    """A number in KiB, rounded up; -1 for no limit, None where it cannot be read."""
    if text == "unlimited":
        return -1
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    number = Decimal(found[1])
    if not found[2] and (number in _NO_LIMIT or number >= UNLIMITED):
        return -1
    scaled = int(number * (_UNITS[found[2].lower()] if found[2] else unit))
    kib = -(-scaled // 1024)
    return -1 if kib >= UNLIMITED // 1024 else kib


def _units(lookup: Lookup) -> int | None:
    entry = lookup.get("CPUUNITS")
    if entry is None:
        return None
    if reason := names.valid_integer(entry.value, 0, 2**31 - 1):
        lookup.findings.error("cpushare", entry, f"CPUUNITS: {reason}")
        return None
    if reason := names.valid_shares(entry.value):
        lookup.keep(entry, f"as shares {reason}")
        return None
    reason = f"CPUUNITS {entry.value} become {entry.value} shares, of which 1024 are usual"
    lookup.findings.warning("converted", entry, reason, "the ratio to other containers stays")
    return int(entry.value)


def _percent(lookup: Lookup) -> int | None:
    entry = lookup.get("CPULIMIT")
    text = entry.value.removesuffix("%") if entry is not None else "0"
    if entry is not None and re.fullmatch(r"[0-9]+m", text):
        lookup.keep(entry, "megahertz are no share of a CPU", "write CPULIMIT in percent")
        return None
    if entry is not None and (reason := names.valid_integer(text, 0, MAX_PERCENT)):
        lookup.findings.error("quota", entry, f"CPULIMIT: {reason}", "100 is one whole CPU")
        return None
    return int(text) or None


def _mask(lookup: Lookup, key: str) -> str | None:
    entry = lookup.get(key)
    if entry is None or entry.value == "all":
        return None
    if entry.value == "auto":
        lookup.keep(entry)
        return None
    if reason := numbers.valid_cpus(entry.value):
        lookup.findings.error("cpuset", entry, f"{key}: {reason}")
        return None
    return entry.value


def _number(lookup: Lookup, key: str) -> int | None:
    entry: Entry | None = lookup.get(key)
    if entry is None or entry.value == "unlimited":
        return None
    if reason := names.valid_integer(entry.value, 0, MAX_CPUS):
        lookup.findings.error("vcpu", entry, f"{key}: {reason}")
        return None
    return int(entry.value) or None
