"""What text formats are asked alike about mounts, addresses and limits that were read."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from cloche_engine.definition.checking import fixes
from cloche_engine.definition.conf.findings import Findings, Where
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.names import short
from cloche_engine.definition.problem import Fix
from cloche_engine.definition.spec import Interface, Memory

MAX_ADDRESSES = 1000
"""More addresses or interfaces than these are no container's."""


def warn_again(findings: Findings, earlier: Entry, entry: Entry) -> None:
    """Say that a later line takes the place of an earlier one, and offer to remove that."""
    line = findings.line(entry)
    reason = f"{earlier.key} stands again in line {line}, which is what counts"
    fix = Fix(fixes.REMOVE, "remove this line", (earlier.removed(),))
    findings.warning("duplicate", earlier.key_start, reason, "remove it", fix)


def either(first: Where, second: Where) -> tuple[Fix, ...]:
    """The ways to keep one of two lines."""
    if not (isinstance(first, Entry) and isinstance(second, Entry)):
        return ()
    return _kept("first", second), _kept("second", first)


def _kept(which: str, other: Entry) -> Fix:
    words = f"keep the {which}, remove {other.key} = {short(other.value)}"
    return Fix(f"keep-{which}", words, (other.removed(),))


def check_gateways(
    findings: Findings, interface: Interface, entries: Iterable[tuple[Entry, str]]
) -> None:
    """Each gateway has to lie in a subnet of its interface."""
    if not interface.addresses:
        return
    subnets = [ipaddress.ip_interface(text).network for text in interface.addresses]
    for entry, gateway in entries:
        if not any(ipaddress.ip_address(gateway) in subnet for subnet in subnets):
            known = ", ".join(dict.fromkeys(map(str, subnets[:3])))
            reason = f"the gateway {gateway} is outside every subnet of its interface ({known})"
            hint = "give an address of the network that the container is in"
            findings.error("gateway-outside", entry, reason, hint)


def check_memory(findings: Findings, memory: Memory, entries: dict[str, Entry]) -> None:
    """The soft limit lies below the hard one, and that below memory and swap together."""
    soft, most, swap = memory.soft_kib, memory.max_kib, memory.swap_kib
    if soft is not None and most is not None and soft > most:
        reason = f"the soft limit of {soft} KiB is above the hard one of {most} KiB"
        findings.error("memory", entries["soft"], reason, "the soft limit warns before the hard")
    if most is not None and swap is not None and most > swap:
        reason = f"memory alone may have {most} KiB, with swap only {swap} KiB"
        findings.error("memory", entries["swap"], reason, "it is memory and swap together")
