"""How much of the console's output is kept: `lxc.console.buffer.size = 256KB`."""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.units import MAX_CONSOLE_KIB, MIN_CONSOLE_KIB, readable

BUFFER = "lxc.console.buffer.size"

_AUTO = "auto"
_AUTO_KIB = 128
_SIZE = re.compile(r"([0-9]{1,18})\s*([a-z]{0,2})", re.IGNORECASE)
_UNITS = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}
_EXAMPLE = "write a size as 256KB or 1MB, or auto for 128 KiB"


def read_console_kib(lookup: Lookup) -> int | None:
    """The size in KiB, as liblxc rounds it; a line that asks for more than there is is kept."""
    entry = lookup.last(BUFFER)
    if entry is None:
        return None
    kib = _kib(lookup, entry)
    if kib is not None and kib > MAX_CONSOLE_KIB:
        reason = f"{BUFFER}: {readable(kib)} is more than {readable(MAX_CONSOLE_KIB)}"
        hint = "the line is kept, and here has no meaning: ask for less"
        lookup.findings.warning("console_buffer", entry, reason, hint)
        lookup.keep(entry)
        return None
    return kib


def _kib(lookup: Lookup, entry: Entry) -> int | None:
    if entry.value == _AUTO:
        return _AUTO_KIB
    found = _SIZE.fullmatch(entry.value)
    unit = found[2].upper() if found is not None else ""
    if found is None or (len(unit) == 2 and unit not in _UNITS):
        reason = f"{BUFFER}: '{names.short(entry.value)}' is no size"
        lookup.findings.error("console_buffer", entry, reason, _EXAMPLE)
        return None
    if unit not in _UNITS and unit not in {"", "B"}:  # liblxc drops it
        reason = f"{BUFFER}: LXC takes {names.short(entry.value)} for {found[1]} bytes"
        lookup.findings.warning("console_buffer", entry, reason, _EXAMPLE)
    return _power_of_two(-(-int(found[1]) * _UNITS.get(unit, 1) // 1024))


def _power_of_two(kib: int) -> int:
    """The next one, at least a page."""
    return 1 << (max(kib, MIN_CONSOLE_KIB) - 1).bit_length()


def console_size(kib: int) -> str:
    """The line that says it."""
    return f"{BUFFER} = {kib}KB"
