"""Capabilities: `lxc.cap.drop` takes some of all away, `lxc.cap.keep` leaves only some."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.conf.capabilities import plain, warn_unknown
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.problem import Fix, Severity
from cloche_engine.definition.schema.domain import CAPABILITIES
from cloche_engine.definition.spec import Capabilities, CapabilityPolicy

DROP, KEEP = "lxc.cap.drop", "lxc.cap.keep"
NOTHING = "none"


def read_capabilities(lookup: Lookup) -> Capabilities | None:
    """What all lines of the key that is used leave; LXC takes lines of one of the two alone."""
    drop, keep = lookup.all(DROP), lookup.all(KEEP)
    if drop and keep:
        line = lookup.findings.line(drop[0])
        reason = f"LXC takes either {KEEP} or {DROP}, which stands in line {line}"
        ways = (_removed("remove-keep", keep), _removed("remove-drop", drop))
        lookup.findings.error("contradiction", keep[0].key_start, reason, "keep one of them", *ways)
    if keep:
        return Capabilities(CapabilityPolicy.DENY, keep=_names(lookup, keep))
    if drop or lookup.is_cleared(DROP):
        return Capabilities(CapabilityPolicy.ALLOW, drop=_names(lookup, drop))
    return None


def _removed(fix: str, entries: list[Entry]) -> Fix:
    lines = "the line" if len(entries) == 1 else f"all {len(entries)} lines"
    edits = tuple(entry.removed() for entry in entries)
    return Fix(fix, f"remove {lines} of {names.short(entries[0].key)}", edits)


def _names(lookup: Lookup, entries: list[Entry]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in entries:
        at = 0
        for word in entry.value.split():
            at = entry.value.index(word, at)
            name = plain(word)
            if name == NOTHING:
                found.clear()
            else:
                found[name] = None
            if name != NOTHING and word not in CAPABILITIES:
                reason = (
                    f"LXC knows no capability '{names.short(word)}' and reads nothing of the file"
                )
                start = entry.start if lookup.findings.is_full(Severity.WARNING) else entry.at(at)
                warn_unknown(lookup.findings, start, word, reason)
            at += len(word)
    return tuple(found)
