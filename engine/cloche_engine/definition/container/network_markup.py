"""New elements for addresses, gateways, routes and interfaces."""

from __future__ import annotations

import ipaddress

from cloche_engine.definition.container.forwards import forward_markup
from cloche_engine.definition.container.network import KINDS, source_attribute, subnet_holds
from cloche_engine.definition.spec import Interface, InterfaceKind, Route
from cloche_engine.definition.text.markup import Markup

_TYPES = {kind: name for name, kind in reversed(KINDS.items())}


def check_writable(interface: Interface) -> None:
    """ValueError where an address or route cannot be read at all."""
    for address in interface.addresses:
        ipaddress.ip_interface(address)
    for route in interface.routes:
        ipaddress.ip_network(route.to)
        ipaddress.ip_address(route.via)


def is_private(interface: Interface) -> bool:
    """Whether addresses in `<network>` say all of it: a private bridge and nothing beside."""
    plain = Interface(
        addresses=interface.addresses, gateway=interface.gateway, gateway6=interface.gateway6
    )
    return bool(interface.addresses) and interface == plain


def type_name(kind: InterfaceKind) -> str:
    """The type of an `<interface>` of that kind."""
    return _TYPES[kind]


def ip_markup(address: str, children: tuple[Markup, ...] = ()) -> Markup:
    """An `<ip>`; IPv4 with a netmask as the RFC has it, IPv6 with a prefix."""
    entry = ipaddress.ip_interface(address)
    length = ("netmask", str(entry.netmask))
    if entry.version == 6:
        length = ("prefix", str(entry.network.prefixlen))
    return Markup("ip", (("address", str(entry.ip)), length), children=children)


def route_markup(route: Route) -> Markup:
    """A `<route>` as libvirt writes it."""
    network = ipaddress.ip_network(route.to)
    metric = None if route.metric is None else str(route.metric)
    attributes = (
        ("family", f"ipv{network.version}"),
        ("address", str(network.network_address)),
        ("prefix", str(network.prefixlen)),
        ("gateway", route.via),
        ("metric", metric),
    )
    return Markup("route", attributes)


def gateway_markup(address: str) -> Markup:
    """A `<gateway>`."""
    return Markup("gateway", (("address", address),))


def source_markup(interface: Interface) -> Markup | None:
    """The `<source>` of an interface, None where it has nothing to say."""
    if interface.source is None and interface.mode is None:
        return None
    name = source_attribute(interface.kind)
    return Markup("source", ((name, interface.source), ("mode", interface.mode)))


def interface_markup(interface: Interface, *, addresses: bool = True) -> Markup:
    """An `<interface>`, with its addresses or, where `<network>` has them, without."""
    source = source_markup(interface)
    return Markup(
        "interface",
        (("type", type_name(interface.kind)),),
        children=(
            *_part("mac", "address", interface.mac),
            *((source,) if source is not None else ()),
            *_part("guest", "dev", interface.name),
            *_part("target", "dev", interface.host_name),
            *_part("link", "state", None if interface.up else "down"),
            *(address_markup(interface) if addresses else ()),
            *map(route_markup, interface.routes),
            *map(forward_markup, interface.forwards),
        ),
    )


def address_markup(
    interface: Interface, nameservers: tuple[Markup, ...] = ()
) -> tuple[Markup, ...]:
    """Its addresses, each gateway in the one that reaches it, name servers in the first."""
    inside: list[list[Markup]] = [[] for _ in interface.addresses]
    beside: list[Markup] = []
    for gateway in (interface.gateway, interface.gateway6):
        if gateway is not None:
            held = [subnet_holds(address, gateway) for address in interface.addresses]
            place = inside[held.index(True)] if any(held) else beside
            place.append(gateway_markup(gateway))
    (inside[0] if inside else beside).extend(nameservers)
    ips = zip(interface.addresses, inside, strict=True)
    return (*(ip_markup(address, tuple(within)) for address, within in ips), *beside)


def _part(name: str, attribute: str, value: str | None) -> tuple[Markup, ...]:
    return (Markup(name, ((attribute, value),)),) if value is not None else ()
