"""Networks: `lxc.net.N.*` grouped by N; before version 3 `lxc.network.*`, each begun by `type`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.once import Once
from cloche_engine.definition.conf.checks import MAX_ADDRESSES, check_gateways, either
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.conf.meant import did_you_mean
from cloche_engine.definition.dialects.lxc_conf import keys
from cloche_engine.definition.dialects.lxc_conf.address import read_address, read_gateway
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.problem import Fix, Severity
from cloche_engine.definition.spec import Interface, InterfaceKind, Location

KINDS = {
    "veth": InterfaceKind.BRIDGE,
    "macvlan": InterfaceKind.MACVLAN,
    "phys": InterfaceKind.PHYSICAL,
    "vlan": InterfaceKind.PHYSICAL,
    "none": InterfaceKind.HOST,
}
MODES = frozenset({"private", "vepa", "bridge", "passthru"})

_KEY = re.compile(r"lxc\.(?:net|network)\.([0-9]{1,9})(?:\.(.+))?")
_TYPES = (*KINDS, "empty", "ipvlan")


@dataclass(slots=True)
class _Section:
    """The lines of one interface."""

    first: Entry
    values: dict[str, list[Entry]] = field(default_factory=dict)

    def last(self, name: str) -> Entry | None:
        """The line of a name of which the last one counts; an empty one takes it back."""
        found = self.values.get(name)
        return found[-1] if found and found[-1].value else None

    def standing(self, name: str) -> set[str]:
        """The values of a name that none of its lines took back."""
        found: set[str] = set()
        for entry in self.values.get(name, []):
            found = found | {entry.value} if entry.value else set()
        return found

    def all(self, name: str) -> list[Entry]:
        """The lines of a name that adds up."""
        return [entry for entry in self.values.get(name, []) if entry.value]


@dataclass(frozen=True, slots=True)
class Network:
    """The interfaces, and whether there is loopback alone, which no section means too."""

    interfaces: tuple[Interface, ...]
    isolated: bool | None


def read_network(lookup: Lookup) -> Network:
    """The interfaces in order of their numbers; lines that are kept take the numbers they get."""
    sections = _sections(lookup)
    interfaces: list[Interface] = []
    places: list[Entry] = []
    others: list[_Section] = []
    isolated: bool | None = None if sections else True
    for section in sections:
        kind = section.last("type")
        if kind is not None and kind.value == "empty":
            isolated = True
            _warn_unused(lookup, section)
        elif (interface := _interface(lookup, section)) is not None:
            _keep(lookup, section, len(interfaces), set(keys.NET_KEPT) | _unread(section))
            interfaces.append(interface)
            places.append(kind or section.first)
        else:
            others.append(section)
    _check_once(lookup, zip(places, interfaces, strict=True))
    for number, section in enumerate(others, len(interfaces)):
        _keep(lookup, section, number, set(section.values))
    return Network(tuple(interfaces), isolated)


def _check_once(lookup: Lookup, links: Iterable[tuple[Entry, Interface]]) -> None:
    once = Once(lookup.findings)
    for entry, interface in links:
        once.take_interface(entry, interface)
        for route in interface.default_routes:
            once.take(entry, "way to", route.to)


def _sections(lookup: Lookup) -> list[_Section]:
    """The sections by number; those without one, of LXC 1 and 2, count down from -1."""
    numbered: dict[int, _Section] = {}
    unnumbered = 0
    for entry in lookup.net:
        number, name = _split(entry)
        if name is None:
            numbered.clear()
        elif not name:
            numbered.pop(number or 0, None)
        elif number is not None:
            _take(lookup, numbered, number, (entry, name))
        else:
            unnumbered += name == "type"
            _take(lookup, numbered, -max(unnumbered, 1), (entry, name))
    found = [numbered[at] for at in sorted(numbered, key=lambda at: (at >= 0, abs(at)))]
    if len(found) > MAX_ADDRESSES:
        reason = f"there are {len(found)} networks, only {MAX_ADDRESSES} are read"
        lookup.findings.error("too-many", found[MAX_ADDRESSES].first, reason)
    return found[:MAX_ADDRESSES]


def _split(entry: Entry) -> tuple[int | None, str | None]:
    """Number and name; both None for a key that clears all."""
    if entry.key in {"lxc.net", "lxc.network"}:
        return None, None
    found = _KEY.fullmatch(entry.key)
    if found:
        return int(found[1]), found[2] or ""
    return None, entry.key.split(".", 2)[2]


def _take(
    lookup: Lookup, numbered: dict[int, _Section], number: int, named: tuple[Entry, str]
) -> None:
    entry, name = named
    name = keys.NET_RENAMED.get(name, name)
    if name not in keys.NET_READ and name not in keys.NET_KEPT:
        _unknown(lookup, entry, name)
        return
    section = numbered.setdefault(number, _Section(entry))
    found = section.values.setdefault(name, [])
    if found and name in {"type", "link", "name", "hwaddr", "flags"} and found[-1].value:
        _warn_again(lookup, found[-1], entry)
    found.append(entry)


def _warn_again(lookup: Lookup, earlier: Entry, entry: Entry) -> None:
    line = lookup.findings.line(earlier)
    reason = f"{entry.key} stands a second time, the first is in line {line}; this one counts"
    hint = "give another interface another number"
    lookup.findings.warning("duplicate", entry.key_start, reason, hint)


def _unknown(lookup: Lookup, entry: Entry, name: str) -> None:
    reason = f"LXC has no key {names.short(entry.key)} for a network"
    if lookup.findings.is_full(Severity.ERROR):
        lookup.findings.error("unknown-key", entry, reason)
        return
    above = entry.key.removesuffix(name)
    known = (*keys.NET_READ, *keys.NET_KEPT)
    hint, ways = did_you_mean(
        name, known, lambda meant: entry.renamed(above + meant), "remove the line"
    )
    ways = ways or (Fix(fixes.REMOVE, "remove this line", (entry.removed(),)),)
    lookup.findings.error("unknown-key", entry.key_start, reason, hint, *ways)


def _warn_unused(lookup: Lookup, section: _Section) -> None:
    for name, entries in section.values.items():
        if name not in {"type", "flags"}:
            reason = f"{entries[0].key} has no effect where there is no interface"
            lookup.findings.warning("no-effect", entries[0].key_start, reason, "remove it")


def _keep(lookup: Lookup, section: _Section, number: int, kept: set[str]) -> None:
    for name in kept & section.values.keys():
        for entry in section.values[name]:
            key = f"lxc.net.{number}.{name}"
            lookup.keep(entry, key, f"{key} = {entry.value}")
            if reason := keys.NET_KEPT.get(name):
                lookup.privileged(entry, reason)


def _unread(section: _Section) -> set[str]:
    """Lines that say how a value is to be found, which is done by LXC alone."""
    found = {f"ipv{version}.gateway" for version in (4, 6) if _is_found_out(section, version)}
    mac = section.last("hwaddr")
    return found | ({"hwaddr"} if mac is not None and "x" in mac.value.lower() else set())


def _is_found_out(section: _Section, version: int) -> bool:
    entry = section.last(f"ipv{version}.gateway")
    return entry is not None and entry.value in {"auto", "dev"}


def _interface(lookup: Lookup, section: _Section) -> Interface | None:
    """The interface of a section; None where it has no type, or one that is not known here."""
    kind = section.last("type")
    if kind is None:
        key = section.first.key.rpartition(".")[0]
        reason = f"{names.short(section.first.key)} belongs to a network without a type"
        lookup.findings.error("missing", section.first.key_start, reason, f"add {key}.type = veth")
        return None
    if kind.value == "ipvlan":
        reason = "a network of type ipvlan is kept, not connected here"
        lookup.findings.warning("not-supported-yet", kind, reason, "macvlan is near to it")
        return None
    if kind.value not in KINDS:
        reason = f"LXC has no network of type '{names.short(kind.value)}'"
        lookup.findings.error("network-type", kind, reason, "possible: " + ", ".join(_TYPES))
        return None
    if kind.value == "none":
        return Interface(InterfaceKind.HOST, location=Location(*lookup.findings.place(kind)))
    return _connected(lookup, section, kind)


def _connected(lookup: Lookup, section: _Section, kind: Entry) -> Interface:
    link = _device(lookup, section, "link")
    which = KINDS[kind.value]
    if which is InterfaceKind.BRIDGE and link is None:
        which = InterfaceKind.ETHERNET
    elif link is None:
        key = kind.key.removesuffix("type") + "link"
        reason = f"a network of type {kind.value} names no device of the host"
        lookup.findings.error("missing", kind, reason, f"add {key} = eth0")
    if kind.value == "vlan":
        link = _vlan(lookup, section, kind, link)
    read = [
        read_address(lookup, entry, version)
        for version in (4, 6)
        for entry in section.all(f"ipv{version}.address")
    ]
    gateways = {version: _gateway(lookup, section, version) for version in (4, 6)}
    flags = section.last("flags")
    interface = Interface(
        which,
        link,
        _mac(lookup, section),
        _device(lookup, section, "name"),
        tuple(address for address in read if address is not None),
        gateway=gateways[4][1] if gateways[4] else None,
        gateway6=gateways[6][1] if gateways[6] else None,
        up=flags is not None and flags.value == "up",
        host_name=_device(lookup, section, "veth.pair"),
        mode=_mode(lookup, section) if which is InterfaceKind.MACVLAN else None,
        location=Location(*lookup.findings.place(kind)),
    )
    check_gateways(lookup.findings, interface, [found for found in gateways.values() if found])
    return interface


def _vlan(lookup: Lookup, section: _Section, kind: Entry, link: str | None) -> str | None:
    number = section.last("vlan.id")
    reason = names.valid_integer(number.value, 0, 4095) if number is not None else None
    if number is None or reason:
        where = number or kind
        lookup.findings.error("missing", where, reason or "a vlan has no vlan.id", "1 to 4094")
        return link
    device = f"{link}.{number.value}"
    reason = f"the vlan is read as the host's device {device}, which LXC would make itself"
    hint = f"ip link add link {link} name {device} type vlan id {number.value}"
    lookup.findings.warning("converted", kind, reason, hint)
    return device if link else None


def _gateway(lookup: Lookup, section: _Section, version: int) -> tuple[Entry, str] | None:
    name = f"ipv{version}.gateway"
    entry = section.last(name)
    if entry is None or _is_found_out(section, version):
        return None
    if len(section.standing(name)) > 1:
        reason = f"a second IPv{version} gateway: only one can be the way to everywhere"
        other = [each for each in section.all(name) if each.value != entry.value][-1]
        ways = either(other, entry)
        lookup.findings.error("duplicate", entry, reason, "keep one of them", *ways)
    address = read_gateway(lookup, entry, version)
    return (entry, address) if address is not None else None


def _device(lookup: Lookup, section: _Section, name: str) -> str | None:
    entry = section.last(name)
    if entry is None:
        return None
    if reason := names.valid_device(entry.value):
        lookup.findings.error("device", entry, reason)
        return None
    return entry.value


def _mac(lookup: Lookup, section: _Section) -> str | None:
    entry = section.last("hwaddr")
    if entry is None or "x" in entry.value.lower():
        return None
    if reason := names.valid_mac(entry.value):
        lookup.findings.error("mac", entry, reason)
        return None
    return entry.value


def _mode(lookup: Lookup, section: _Section) -> str | None:
    entry = section.last("macvlan.mode")
    if entry is not None and entry.value not in MODES:
        reason = f"'{names.short(entry.value)}' is no mode of a macvlan"
        hint = "possible: " + ", ".join(sorted(MODES))
        lookup.findings.error("mode", entry, reason, hint)
        return None
    return entry.value if entry is not None else None
