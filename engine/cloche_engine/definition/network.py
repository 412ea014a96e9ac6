"""Reads host name, addresses, gateways and name servers, nested in `<ip>` or flat beside it."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cloche_engine.definition import names
from cloche_engine.definition.report import Report
from cloche_engine.definition.spec import Interface, InterfaceKind, Location
from cloche_engine.definition.text.tree import Element

Subnet = ipaddress.IPv4Interface | ipaddress.IPv6Interface


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


def links(container: Element | None) -> list[Link]:
    """The interfaces in order; the first without own addresses takes those of `<network>`."""
    if container is None:
        return []
    free = container.first("network")
    found: list[Link] = []
    for interface in container.all("interface"):
        if interface.first("ip"):
            found.append(Link(interface, interface))
        else:
            found.append(Link(interface, free))
            free = None
    if free is not None and free.first("ip"):
        found.append(Link(None, free))
    return found


def address_text(element: Element) -> str:
    """The address of a gateway or name server: attribute, otherwise text."""
    return element.attributes.get("address", element.text).strip()


def subnet(ip: Element) -> Subnet | None:
    """An `<ip>` with its prefix, None where address or mask cannot be read."""
    address, prefix = ip.attributes.get("address", ""), ip.attributes.get("prefix")
    return _subnet(address.strip(), ip.attributes.get("netmask", "").strip(), prefix)


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


def nameserver_elements(container: Element | None) -> list[Element]:
    """The `<nameserver>` elements in document order, flat and nested."""
    network = container.first("network") if container else None
    owners = [network] if network else []
    owners += container.all("interface") if container else []
    found: list[Element] = []
    for owner in owners:
        for child in owner.children:
            found += child.all("nameserver") if child.name == "ip" else []
            found += [child] if child.name == "nameserver" else []
    return found


def read_interface(link: Link) -> Interface:
    """One interface as it is written, what cannot be read left out."""
    element = link.interface
    found = {next_hop.address.version: str(next_hop.address) for next_hop in _reversed(link)}
    subnets = [subnet(ip) for ip in link.ips]
    return Interface(
        InterfaceKind.BRIDGE if element is not None else InterfaceKind.NAT,
        source=_value(element, "source", "bridge"),
        mac=_value(element, "mac", "address"),
        name=_value(element, "target", "dev"),
        addresses=tuple(str(entry) for entry in subnets if entry is not None),
        gateway=found.get(4),
        gateway6=found.get(6),
    )


def _reversed(link: Link) -> list[Next]:
    return list(gateways(link.owner))[::-1]


def _value(parent: Element | None, name: str, attribute: str) -> str | None:
    child = parent.first(name) if parent is not None else None
    value = child.attributes.get(attribute) if child is not None else None
    return value.strip() if value is not None else None


def check_network(report: Report, container: Element | None) -> tuple[Interface, ...]:
    """Report what is wrong with the network; returns the interfaces with their places."""
    found = []
    seen: dict[str, Element] = {}
    for link in links(container):
        for ip in link.ips:
            _check_ip(report, ip)
            _check_unique(report, ip, seen)
        _check_gateways(report, link)
        found.append(_located(report, link))
    _check_unused(report, container)
    for element in nameserver_elements(container):
        _check_value(report, element)
    return tuple(found)


def _check_unused(report: Report, container: Element | None) -> None:
    """A gateway in a `<network>` that gives no interface an address leads nowhere."""
    network = container.first("network") if container is not None else None
    if network is not None and all(link.owner is not network for link in links(container)):
        _check_gateways(report, Link(None, network))


def _located(report: Report, link: Link) -> Interface:
    read = read_interface(link)
    element = link.interface or link.owner
    place = Location(*report.tree.place(element)) if element is not None else None
    return Interface(
        read.kind,
        read.source,
        read.mac,
        read.name,
        read.addresses,
        gateway=read.gateway,
        gateway6=read.gateway6,
        location=place,
    )


def _check_ip(report: Report, ip: Element) -> None:
    address = names.parse_address(ip.attributes.get("address", "").strip())
    if address is None:
        return
    family = ip.attributes.get("family", "").lower()
    if family in {"ipv4", "ipv6"} and family != f"ipv{address.version}":
        place = report.tree.attribute_place(ip, "family")
        report.error("family", place, f"{address} is no address of family {family}")
    reason = _mask_reason(ip, address)
    if reason:
        hint = "prefix='64'" if address.version == 6 else "netmask='255.255.255.0' or prefix='24'"
        report.error("netmask", ip, reason, f"write {hint}")
    elif address.is_multicast or address.is_unspecified:
        report.error("address", ip, f"{address} cannot be the address of an interface")
    else:
        _check_host_part(report, ip)


def _mask_reason(ip: Element, address: names.Address) -> str | None:
    mask, prefix = ip.attributes.get("netmask"), ip.attributes.get("prefix")
    if address.version == 6 and mask is not None:
        return f"{address} is an IPv6 address, which has a prefix and no netmask"
    if mask is None and prefix is None:
        return f"{address} has neither netmask nor prefix, and no mask is guessed"
    length = names.parse_integer(prefix.strip()) if prefix is not None else None
    if length is not None and length > address.max_prefixlen:
        return f"the prefix of {address} can be at most {address.max_prefixlen}, not {length}"
    if mask is None or length is None:
        return None
    from_mask = names.netmask_prefix(mask.strip())
    if from_mask is not None and from_mask != length:
        return f"netmask {names.short(mask)} means prefix {from_mask}, but prefix says {length}"
    return None


def _check_host_part(report: Report, ip: Element) -> None:
    entry = subnet(ip)
    if entry is None or entry.version == 6 or entry.network.prefixlen > 30:
        return
    if entry.ip in {entry.network.network_address, entry.network.broadcast_address}:
        kind = "broadcast" if entry.ip == entry.network.broadcast_address else "network"
        reason = f"{entry.ip} is the {kind} address of {entry.network}, no host's"
        report.warning("address", ip, reason, "take another address of that network")


def _check_unique(report: Report, ip: Element, seen: dict[str, Element]) -> None:
    entry = subnet(ip)
    if entry is None:
        return
    first = seen.setdefault(str(entry.ip), ip)
    if first is not ip:
        line, _ = report.tree.place(first)
        reason = f"the address {entry.ip} stands a second time, the first is in line {line}"
        report.error("duplicate", ip, reason, "remove one of them")


def _check_gateways(report: Report, link: Link) -> None:
    counts: Counter[int] = Counter()
    for element in _gateway_elements(link.owner):
        _check_value(report, element)
    for gateway in gateways(link.owner):
        version = gateway.address.version
        counts[version] += 1
        if counts[version] > 1:
            reason = f"a second IPv{version} gateway: only one can be the way to everywhere"
            report.error("duplicate", gateway.element, reason, "keep one of them")
            continue
        _check_reach(report, link, gateway)


def _gateway_elements(owner: Element | None) -> Iterator[Element]:
    for child in owner.children if owner else ():
        if child.name == "gateway":
            yield child
        elif child.name == "ip":
            yield from child.all("gateway")


def _check_reach(report: Report, link: Link, gateway: Next) -> None:
    """The gateway has to lie in the subnet of its `<ip>`, flat in that of any."""
    near = [gateway.ip] if gateway.ip is not None else link.ips
    subnets = [entry for entry in map(subnet, near) if entry is not None]
    if near and not subnets:
        return  # the address itself is wrong and was reported
    if not any(gateway.address in entry.network for entry in subnets):
        known = ", ".join(str(entry.network) for entry in subnets[:3]) or "no address stands there"
        report.error(
            "gateway-outside",
            gateway.element,
            f"the gateway {gateway.address} is outside every subnet of the container ({known})",
            "give an address of the network that the container is in",
        )
    elif any(gateway.address == entry.ip for entry in subnets):
        reason = f"the gateway {gateway.address} is the container's own address"
        report.error("gateway-outside", gateway.element, reason, "give the router's address")


def _check_value(report: Report, element: Element) -> None:
    """An address stands as attribute or as text; both have to agree."""
    attribute, text = element.attributes.get("address"), element.text.strip()
    if attribute is None and not text:
        hint = f"write <{element.name} address='...'/>"
        report.error("missing", element, f"<{element.name}> has no address", hint)
    elif attribute is not None and text and attribute.strip() != text:
        reason = f"<{element.name}> says {names.short(attribute)} and {names.short(text)}"
        report.error("contradiction", element, reason, "keep one of them")
