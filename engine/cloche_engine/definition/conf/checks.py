"""What text formats are asked alike about mounts, addresses and limits that were read."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.conf.findings import Findings, Where
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.problem import Fix
from cloche_engine.definition.schema.domain import MAX_ID
from cloche_engine.definition.spec import IdRange, Interface, Memory

MAX_ADDRESSES = 1000
"""More addresses or interfaces than these are no container's."""

_MAC = "hardware address"


def warn_again(findings: Findings, earlier: Entry, entry: Entry) -> None:
    """Say that a later line takes the place of an earlier one, and offer to remove that."""
    line = findings.line(entry)
    reason = f"{earlier.key} stands again in line {line}, which is what counts"
    fix = Fix(fixes.REMOVE, "remove this line", (earlier.removed(),))
    findings.warning("duplicate", earlier.key_start, reason, "remove it", fix)


def check_gateways(
    findings: Findings, interface: Interface, entries: Iterable[tuple[Entry, str]]
) -> None:
    """Each gateway has to lie in a subnet of its interface."""
    if not interface.addresses:
        return
    subnets = [ipaddress.ip_interface(text).network for text in interface.addresses]
    for entry, gateway in entries:
        if not any(ipaddress.ip_address(gateway) in subnet for subnet in subnets):
            known = ", ".join(map(str, subnets[:3]))
            reason = f"the gateway {gateway} is outside every subnet of its interface ({known})"
            hint = "give an address of the network that the container is in"
            findings.error("gateway-outside", entry, reason, hint)


def check_twice(findings: Findings, links: Iterable[tuple[Where, Interface]]) -> None:
    """Each address and name inside can be had once, a way to everywhere too.

    Links of different networks may have one hardware address, which is seldom meant.
    """
    seen: dict[tuple[str, str], Where] = {}
    for where, interface in links:
        for key in _once(interface):
            if (first := seen.get(key)) is None:
                seen[key] = where
                continue
            what = " ".join(filter(None, key))
            line = findings.line(first)
            reason = f"the {what} stands a second time, the first is in line {line}"
            tell = findings.warning if key[0] == _MAC else findings.error
            tell("duplicate", where, reason, "remove one of them")


def _once(interface: Interface) -> Iterator[tuple[str, str]]:
    for address in interface.addresses:
        yield "address", address.partition("/")[0]
    if interface.mac:
        yield _MAC, names.short(interface.mac.lower())
    if interface.name:
        yield "name", names.short(interface.name)
    if interface.gateway:
        yield "IPv4 gateway, the way to everywhere,", ""
    if interface.gateway6:
        yield "IPv6 gateway, the way to everywhere,", ""


def check_memory(findings: Findings, memory: Memory, entries: dict[str, Entry]) -> None:
    """The soft limit lies below the hard one, and that below memory and swap together."""
    soft, most, swap = memory.soft_kib, memory.max_kib, memory.swap_kib
    if soft is not None and most is not None and soft > most:
        reason = f"the soft limit of {soft} KiB is above the hard one of {most} KiB"
        findings.error("memory", entries["soft"], reason, "the soft limit warns before the hard")
    if most is not None and swap is not None and most > swap:
        reason = f"memory alone may have {most} KiB, with swap only {swap} KiB"
        findings.error("memory", entries["swap"], reason, "it is memory and swap together")


def check_ranges(findings: Findings, ranges: list[tuple[Entry, IdRange]]) -> None:
    """Empty ranges, ids that do not exist, and ranges of one map that overlap."""
    for entry, part in ranges:
        if part.count == 0:
            findings.error("idmap", entry, "the range has no ids", "the last number is how many")
        elif max(part.inside, part.host) + part.count - 1 > MAX_ID:
            reason = f"the range ends above {MAX_ID}, the largest id"
            findings.error("idmap", entry, reason, "map fewer ids")
    for side, name in (("inside", "container"), ("host", "host")):
        end, last = -1, None
        for entry, part in sorted(ranges, key=lambda item: getattr(item[1], side)):
            first = getattr(part, side)
            if first < end and last is not None:
                reason = f"id {first} of the {name} is mapped twice, also in line {last}"
                findings.error("idmap", entry, reason, "let every id stand in one range")
            if first + part.count > end:
                end, last = first + part.count, findings.line(entry)
