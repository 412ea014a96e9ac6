"""Tells what is wrong with the network of a definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cloche_engine.definition import names
from cloche_engine.definition.checking.listing import Place
from cloche_engine.definition.checking.once import Once
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container import homes
from cloche_engine.definition.container.forward_checks import check_forwards
from cloche_engine.definition.container.network import (
    NEEDS_SOURCE,
    WITHOUT_ADDRESS,
    Link,
    bare_address,
    gateways,
    is_default,
    kind_of,
    links,
    nameserver_elements,
    read_interface,
    read_route,
    route_network,
    source_attribute,
    subnet,
)
from cloche_engine.definition.container.reach import Reach
from cloche_engine.definition.domain.values import check_one_address, either
from cloche_engine.definition.spec import Interface, InterfaceKind, Location
from cloche_engine.definition.text.tree import Element

Ways = dict[int, Element]
"""The first way to everywhere of each family, 4 or 6."""
"""The way to everywhere of each IP version, where there is one already."""


def check_network(report: Report) -> tuple[Interface, ...]:
    """Report what is wrong with the network; returns the interfaces with their places."""
    root = report.tree.root
    found = links(root)
    interfaces = check_links(report, found)
    for link in found:
        if link.interface is not None:
            check_forwards(report, link.interface, read_interface(link))
    _check_unused(report, found)
    for element in nameserver_elements(root):
        _check_value(report, element)
    return interfaces


def check_links(report: Report, found: list[Link], *, bare: bool = False) -> tuple[Interface, ...]:
    """Report what is wrong with these interfaces; returns them with their places.

    Addresses may be bare where their dialect leaves the network to its driver.
    """
    once = Once(report)
    ways: Ways = {}
    for link in found:
        for ip in link.ips:
            _check_ip(report, ip, bare=bare)
            entry = subnet(ip)
            once.take(ip, "address", str(entry.ip) if entry else None)
        reach = Reach(link.ips)
        _check_gateways(report, link, reach, ways)
        _check_interface(report, link, once)
        for route in link.routes:
            _check_route(report, reach, route)
    return tuple(_located(report, link, bare=bare) for link in found)


def _check_unused(report: Report, found: list[Link]) -> None:
    """A gateway in a `<network>` that gives no interface an address leads nowhere."""
    network = homes.network(report.tree.root)
    if network is not None and all(link.owner is not network for link in found):
        _check_gateways(report, Link(None, network), Reach(network.all("ip")), {})


def _located(report: Report, link: Link, *, bare: bool) -> Interface:
    element = link.interface or link.owner
    place = Location(*report.tree.place(element)) if element is not None else None
    return replace(read_interface(link, bare=bare), location=place)


def _check_interface(report: Report, link: Link, once: Once[Place | Element]) -> None:
    element = link.interface
    if element is None:
        return
    kind, read = kind_of(element), read_interface(link)
    attribute = source_attribute(kind)
    source = element.first("source")
    if kind in NEEDS_SOURCE and (source is None or attribute not in source.attributes):
        reason = f"an interface of type '{element.attributes.get('type', '')}' has no outer end"
        hint = f"add <source {attribute}='...'/>"
        report.error("missing", element if source is None else source, reason, hint)
    if kind in WITHOUT_ADDRESS and (read.addresses or read.gateway or read.gateway6):
        reason = f"an interface of type '{kind}' takes no addresses: there is nothing to give them"
        report.error("contradiction", element, reason, "remove them, or choose another type")
    if read.mode is not None and kind is not InterfaceKind.MACVLAN and source is not None:
        reason = f"a mode has no effect on an interface of type '{kind}'"
        report.warning(
            "unknown-attribute", report.tree.attribute_name_place(source, "mode"), reason
        )
    once.take(element, "name", read.name)
    once.take_mac(element, read.mac)


def _check_ip(report: Report, ip: Element, *, bare: bool) -> None:
    address = names.parse_address(ip.attributes.get("address", "").strip())
    if address is None:
        return
    check_family(report, ip, address)
    reason = _mask_reason(ip, address)
    if reason and bare and bare_address(ip) is not None:
        reason = f"{address} has no prefix, and none is guessed"
        report.warning(
            "netmask", ip, reason, f"write prefix='{24 if address.version == 4 else 64}'"
        )
    elif reason:
        report.error("netmask", ip, reason, _mask_hint(address))
    elif address.is_multicast or address.is_unspecified:
        report.error("address", ip, f"{address} cannot be the address of an interface")
    else:
        _check_host_part(report, ip)


def check_family(report: Report, element: Element, address: names.Address) -> None:
    """The family that is named has to be that of the address."""
    family = element.attributes.get("family", "").strip().lower()
    if family in {"ipv4", "ipv6"} and family != f"ipv{address.version}":
        place = report.tree.attribute_place(element, "family")
        report.error("family", place, f"{address} is no address of family {family}")


def _mask_hint(address: names.Address) -> str:
    return "write " + (
        "prefix='64'" if address.version == 6 else "netmask='255.255.255.0' or prefix='24'"
    )


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


def _check_gateways(report: Report, link: Link, reach: Reach, ways: Ways) -> None:
    """Each has to be near, and of each family only one can be the way to everywhere."""
    for element in _gateway_elements(link.owner):
        _check_value(report, element)
    for gateway in gateways(link.owner):
        if is_only_way(report, gateway.element, gateway.address.version, ways):
            near = Reach([gateway.ip]) if gateway.ip is not None else reach
            _check_reach(report, near, gateway.element, gateway.address)
    for element in link.routes:
        route = read_route(element)
        if route is not None and is_default(route):
            is_only_way(report, element, names.version(route.via), ways)


def is_only_way(report: Report, element: Element, version: int, ways: Ways) -> bool:
    """Whether it is the first way to everywhere of its family; reports it where it is not."""
    if version not in ways:
        ways[version] = element
        return True
    line, _ = report.tree.place(ways[version])
    reason = f"a second IPv{version} gateway: only one can be the way to everywhere"
    hint = f"keep one of them; the first is in line {line}"
    report.error("duplicate", element, reason, hint, *either(report, [ways[version]], [element]))
    return False


def _gateway_elements(owner: Element | None) -> Iterator[Element]:
    for child in owner.children if owner else ():
        if child.name == "gateway":
            yield child
        elif child.name == "ip":
            yield from child.all("gateway")


def _check_route(report: Report, reach: Reach, element: Element) -> None:
    to = names.parse_address(element.attributes.get("address", "").strip())
    via = names.parse_address(element.attributes.get("gateway", "").strip())
    if to is None or via is None:
        return  # the schema has told
    check_family(report, element, to)
    reason = _mask_reason(element, to) if not to.is_unspecified else None
    network = route_network(element)
    if reason:
        report.error("netmask", element, reason, _mask_hint(to))
    elif network is not None and network.network_address != to:
        reason = f"{to}/{network.prefixlen} names a host in {network}, not a network"
        report.error("address", element, reason, f"write address='{network.network_address}'")
    elif to.version != via.version:
        reason = f"{via} cannot be the way to {to}: they are of different families"
        report.error("family", element, reason, f"give a gateway of family ipv{to.version}")
    else:
        _check_reach(report, reach, element, via)


def _check_reach(report: Report, reach: Reach, element: Element, address: names.Address) -> None:
    """A gateway has to lie in the subnet of its `<ip>`, flat in that of any."""
    if address.version == 6 and address.is_link_local:
        return  # every interface reaches these
    if reach.is_unreadable:
        return  # the address itself is wrong and was reported
    if not reach.holds(address):
        known = reach.shown or "no address stands there"
        report.error(
            "gateway-outside",
            element,
            f"the gateway {address} is outside every subnet of the container ({known})",
            "give an address of the network that the container is in",
        )
    elif reach.is_own(address):
        reason = f"the gateway {address} is the container's own address"
        report.error("gateway-outside", element, reason, "give the router's address")


def _check_value(report: Report, element: Element) -> None:
    """An address stands as attribute or as text; both have to agree."""
    attribute, text = element.attributes.get("address"), element.text.strip()
    if attribute is None and not text:
        hint = f"write <{element.name} address='...'/>"
        report.error("missing", element, f"<{element.name}> has no address", hint)
    else:
        check_one_address(report, element)
