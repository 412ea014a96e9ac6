"""Interfaces as `lxc.net.N.*`, with the lines that were kept for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.dialects.lxc_conf.text import assignment
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind

NAT_BRIDGE = "lxcbr0"
"""The bridge of lxc-net, the service that gives containers of LXC a network of their own."""

_TYPES = {
    InterfaceKind.NAT: "veth",
    InterfaceKind.BRIDGE: "veth",
    InterfaceKind.ETHERNET: "veth",
    InterfaceKind.NETWORK: "veth",
    InterfaceKind.MACVLAN: "macvlan",
    InterfaceKind.PHYSICAL: "phys",
    InterfaceKind.HOST: "none",
    InterfaceKind.NONE: "empty",
}
_LINKED = {InterfaceKind.BRIDGE, InterfaceKind.MACVLAN, InterfaceKind.PHYSICAL}
_Pairs = list[tuple[str, str | None]]


def network(spec: ContainerSpec) -> Iterator[str | None]:
    """A section for each interface, then those of a kind that is only kept, then an empty one."""
    kept = _kept(spec)
    sections = [
        [*_section(interface), *kept.pop(number, [])]
        for number, interface in enumerate(spec.interfaces)
    ]
    sections += [pairs for pairs in kept.values() if pairs and pairs[0][0] == "type"]
    if spec.network_isolated or (spec.network_isolated is None and not sections):
        sections.append([("type", "empty")])
    elif not sections:
        sections.append([("type", "none")])
    for number, section in enumerate(sections):
        for name, value in section:
            if value is not None:
                yield assignment(f"lxc.net.{number}.{name}", value)


def _kept(spec: ContainerSpec) -> dict[int, _Pairs]:
    """Kept lines by the number of their section, its type first."""
    found: defaultdict[int, _Pairs] = defaultdict(list)
    for entry in spec.opaque:
        number, _, name = entry.path.removeprefix("lxc.net.").partition(".")
        value = entry.text.partition("=")[2].strip()
        if entry.path.startswith("lxc.net.") and number.isdecimal() and len(number) < 10:
            found[int(number)].append((name, value))
    return {
        number: sorted(found[number], key=lambda pair: pair[0] != "type")
        for number in sorted(found)
    }


def _section(interface: Interface) -> _Pairs:
    kind = interface.kind
    pairs: _Pairs = [("type", _TYPES[kind])]
    if kind in {InterfaceKind.HOST, InterfaceKind.NONE}:
        return pairs
    link = interface.source if kind in _LINKED else None
    pairs.append(("link", NAT_BRIDGE if kind is InterfaceKind.NAT else link))
    if kind is InterfaceKind.MACVLAN:
        pairs.append(("macvlan.mode", interface.mode))
    pairs += [
        ("flags", "up" if interface.up else None),
        ("name", interface.name),
        ("hwaddr", interface.mac),
        ("veth.pair", interface.host_name if _TYPES[kind] == "veth" else None),
    ]
    for address in interface.addresses:
        version = names.parse_address(address.partition("/")[0])
        family = version.version if version is not None else 4
        pairs.append((f"ipv{family}.address", _with_prefix(address, family)))
    pairs += [("ipv4.gateway", interface.gateway), ("ipv6.gateway", interface.gateway6)]
    return pairs


def _with_prefix(address: str, family: int) -> str:
    """An address alone is one host's; LXC would guess a network by its class."""
    return address if "/" in address else f"{address}/{32 if family == 4 else 128}"
