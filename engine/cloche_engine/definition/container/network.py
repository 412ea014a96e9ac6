"""Reads interfaces, addresses, gateways and name servers, nested in `<ip>` or flat beside it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cloche_engine.definition import names
from cloche_engine.definition.container import homes
from cloche_engine.definition.container.forwards import read_forwards
from cloche_engine.definition.spec import EVERYWHERE, Interface, InterfaceKind, Route
from cloche_engine.definition.text.tree import Element

Subnet = ipaddress.IPv4Interface | ipaddress.IPv6Interface

KINDS = {
    "nat": InterfaceKind.NAT,
    "bridge": InterfaceKind.BRIDGE,
    "direct": InterfaceKind.MACVLAN,
    "macvlan": InterfaceKind.MACVLAN,
    "physical": InterfaceKind.PHYSICAL,
    "ethernet": InterfaceKind.ETHERNET,
    "network": InterfaceKind.NETWORK,
    "host": InterfaceKind.HOST,
    "none": InterfaceKind.NONE,
}
"""What each type of `<interface>` means; a new one takes the first that fits."""

SOURCE_ATTRIBUTES = {InterfaceKind.BRIDGE: "bridge", InterfaceKind.NETWORK: "network"}
"""Which attribute of `<source>` names the outer end, `dev` where none is named here."""

NEEDS_SOURCE = {
    InterfaceKind.BRIDGE,
    InterfaceKind.MACVLAN,
    InterfaceKind.PHYSICAL,
    InterfaceKind.NETWORK,
}
WITHOUT_ADDRESS = {InterfaceKind.HOST, InterfaceKind.NONE}
MODES = ("private", "vepa", "bridge", "passthru")


@dataclass(frozen=True, slots=True)
class Next:
    """A gateway and, in the nested form, the `<ip>` that it stands in."""

    element: Element
    address: names.Address
    ip: Element | None


@dataclass(frozen=True, slots=True)
class Link:
    """One interface as written: its `<interface>` if any, and the holder of its `<ip>`s."""

    interface: Element | None
    owner: Element | None

    @property
    def ips(self) -> list[Element]:
        """Its `<ip>` elements."""
        return self.owner.all("ip") if self.owner else []

    @property
    def routes(self) -> list[Element]:
        """Its `<route>` elements."""
        owner = self.interface or self.owner
        return owner.all("route") if owner else []


def links(root: Element) -> list[Link]:
    """The interfaces in order; the first without own addresses takes those of `<network>`."""
    free = homes.network(root)
    found: list[Link] = []
    for interface in homes.interfaces(root):
        if _has_own(interface) or kind_of(interface) in WITHOUT_ADDRESS:
            found.append(Link(interface, interface))
        else:
            found.append(Link(interface, free or interface))
            free = None
    if free is not None and free.first("ip"):
        found.append(Link(None, free))
    return found


def _has_own(interface: Element) -> bool:
    return interface.first("ip") is not None or interface.first("gateway") is not None


def kind_of(interface: Element) -> InterfaceKind:
    """The kind of an `<interface>`, a bridge where its type cannot be read."""
    return KINDS.get(interface.attributes.get("type", "").strip(), InterfaceKind.BRIDGE)


def source_attribute(kind: InterfaceKind) -> str:
    """Which attribute of `<source>` names the outer end."""
    return SOURCE_ATTRIBUTES.get(kind, "dev")


def address_text(element: Element) -> str:
    """The address of a gateway or name server: attribute, otherwise text."""
    return element.attributes.get("address", element.text).strip()


def subnet(ip: Element) -> Subnet | None:
    """An `<ip>` or `<route>` with its prefix, None where address or mask cannot be read."""
    address, prefix = ip.attributes.get("address", ""), ip.attributes.get("prefix")
    return _subnet(address.strip(), ip.attributes.get("netmask", "").strip(), prefix)


def bare_address(ip: Element) -> names.Address | None:
    """The address of an `<ip>` that says nothing of its network."""
    if {"netmask", "prefix"} & ip.attributes.keys():
        return None
    return names.parse_address(ip.attributes.get("address", "").strip())


@lru_cache(maxsize=4096)
def _subnet(text: str, netmask: str, prefix: str | None) -> Subnet | None:
    address = names.parse_address(text)
    length = names.netmask_prefix(netmask)
    if prefix is not None:
        length = names.parse_integer(prefix.strip())
    if address is None or length is None or length > address.max_prefixlen:
        return None
    return ipaddress.ip_interface((address, length))


def subnet_holds(address: str, other: str) -> bool:
    """Whether another address lies in the subnet of one in prefix notation."""
    found = names.parse_address(other)
    return found is not None and found in ipaddress.ip_interface(address).network


def gateways(owner: Element | None) -> Iterator[Next]:
    """The readable gateways below an owner of addresses, in document order."""
    for child in owner.children if owner else ():
        inside = child.all("gateway") if child.name == "ip" else []
        flat = [child] if child.name == "gateway" else []
        for element in inside + flat:
            address = names.parse_address(address_text(element))
            if address is not None:
                yield Next(element, address, child if inside else None)


def nameserver_elements(root: Element) -> list[Element]:
    """The `<nameserver>` elements in document order, flat and nested."""
    network = homes.network(root)
    owners = [network] if network else []
    owners += homes.interfaces(root)
    found: list[Element] = []
    for owner in owners:
        for child in owner.children:
            found += child.all("nameserver") if child.name == "ip" else []
            found += [child] if child.name == "nameserver" else []
    return found


def read_route(element: Element) -> Route | None:
    """A `<route>`, None where it cannot be read."""
    network = route_network(element)
    via = names.parse_address(element.attributes.get("gateway", "").strip())
    if network is None or via is None:
        return None
    metric = names.parse_integer(element.attributes.get("metric", "").strip())
    return Route(str(network), str(via), metric)


def route_network(element: Element) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Where a `<route>` leads; `0.0.0.0` and `::` alone are everywhere."""
    found = subnet(element)
    if found is None and not {"prefix", "netmask"} & element.attributes.keys():
        address = names.parse_address(element.attributes.get("address", "").strip())
        if address is not None and address.is_unspecified:
            return ipaddress.ip_network((address, 0))
    return found.network if found is not None else None


def is_default(route: Route) -> bool:
    """Whether a route is what a gateway means: the way to everywhere, nothing said beside."""
    return route.metric is None and route.to in EVERYWHERE.values()


def read_interface(link: Link, *, bare: bool = False) -> Interface:
    """One interface as it is written, what cannot be read left out, perhaps bare addresses too."""
    element = link.interface
    kind = kind_of(element) if element is not None else InterfaceKind.NAT
    subnets = [subnet(ip) or (bare_address(ip) if bare else None) for ip in link.ips]
    routes = [route for route in map(read_route, link.routes) if route is not None]
    found = {names.version(route.via): route.via for route in routes[::-1] if is_default(route)}
    for gateway in list(gateways(link.owner))[::-1]:
        found[gateway.address.version] = str(gateway.address)
    state = _value(element, "link", "state")
    return Interface(
        kind,
        source=_value(element, "source", source_attribute(kind)),
        mac=_value(element, "mac", "address"),
        name=_value(element, "guest", "dev"),
        addresses=tuple(str(entry) for entry in subnets if entry is not None),
        routes=tuple(route for route in routes if not is_default(route)),
        gateway=found.get(4),
        gateway6=found.get(6),
        up=state != "down",
        host_name=_value(element, "target", "dev"),
        mode=_value(element, "source", "mode"),
        forwards=read_forwards(element),
    )


def _value(parent: Element | None, name: str, attribute: str) -> str | None:
    child = parent.first(name) if parent is not None else None
    value = child.attributes.get(attribute) if child is not None else None
    return (value.strip() or None) if value is not None else None
