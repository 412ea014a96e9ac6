"""Limits of each process: `lxc.prlimit.nofile = 1024:4096`."""

from __future__ import annotations

from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.lxc_conf.lookup import PRLIMIT, Lookup
from cloche_engine.definition.schema.linuxcontainer import RLIMITS
from cloche_engine.definition.spec import Rlimit

_UNLIMITED = "unlimited"
_MOST = 2**63 - 1


def read_rlimits(lookup: Lookup) -> tuple[Rlimit, ...]:
    """Those that the kernel has; other ones are kept as they stand."""
    return tuple(_read(lookup))


def _read(lookup: Lookup) -> Iterator[Rlimit]:
    for key in lookup.matching(PRLIMIT):
        name = key.removeprefix(PRLIMIT)
        if name not in RLIMITS:
            for odd in lookup.entries(key):
                lookup.keep(odd)
            continue
        entry = lookup.last(key)
        limit = _pair(lookup, entry, name) if entry is not None else None
        if limit is not None:
            yield limit


def _pair(lookup: Lookup, entry: Entry, name: str) -> Rlimit | None:
    """Soft and hard, or one number for both."""
    soft, _, hard = (part.strip() for part in entry.value.partition(":"))
    reasons = (_reason(text) for text in (soft, hard or soft))
    if reason := next(filter(None, reasons), None):
        hint = f"write SOFT:HARD, each a number or {_UNLIMITED}"
        lookup.findings.error("rlimit", entry, f"{entry.key}: {reason}", hint)
        return None
    limits = [None if text == _UNLIMITED else int(text) for text in (soft, hard or soft)]
    if limits[1] is not None and (limits[0] is None or limits[0] > limits[1]):
        reason = f"{entry.key}: the soft limit is above the hard one"
        lookup.findings.error("rlimit", entry, reason, f"at most {limits[1]}")
        return None
    return Rlimit(name, limits[0], limits[1])


def _reason(text: str) -> str | None:
    return None if text == _UNLIMITED else names.valid_integer(text, 0, _MOST)


def rlimits(limits: tuple[Rlimit, ...]) -> Iterator[str]:
    """The lines that say them."""
    for each in limits:
        if each.name in RLIMITS:
            pair = (_UNLIMITED if one is None else str(one) for one in (each.soft, each.hard))
            yield f"{PRLIMIT}{each.name} = {':'.join(pair)}"
