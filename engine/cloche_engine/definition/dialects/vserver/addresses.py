"""Addresses of Linux-VServer: some of the host's own, which the container alone may use."""

from __future__ import annotations

import ipaddress

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container.network_checks import check_family
from cloche_engine.definition.spec import Interface, InterfaceKind, Location
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element


def read_interfaces(report: Report, elements: list[Element]) -> tuple[Interface, ...]:
    """Links of the container's own with these addresses, the host's ends of which are free."""
    for element in elements[:1]:
        reason = "addresses that Linux-VServer lends from the host go to a link of its own here"
        hint = "connect it to a bridge that leads where the host's interface led"
        report.warning("interface", element, reason, hint)
    return tuple(_read(report, element) for element in elements)


def _read(report: Report, element: Element) -> Interface:
    found = (_subnet(report, ip) for ip in element.all("ip"))
    location = Location(*report.tree.place(element))
    subnets = tuple(subnet for subnet in found if subnet is not None)
    return Interface(InterfaceKind.ETHERNET, addresses=subnets, location=location)


def write_interface(interface: Interface) -> tuple[Markup, ...]:
    """Its addresses, nothing where it has none: there is nothing else to say of it."""
    ips = tuple(_ip(address) for address in interface.addresses)
    return (Markup("interface", (("type", "vserver"),), children=ips),) if ips else ()


def _ip(address: str) -> Markup:
    text, _, prefix = address.partition("/")
    family = f"IPv{names.version(text)}"
    return Markup("ip", (("family", family), ("address", text), ("prefix", prefix or None)))


def _subnet(report: Report, ip: Element) -> str | None:
    text = ip.attributes.get("address", "").strip()
    place = report.tree.attribute_place(ip, "address")
    if not text:
        report.warning("address", place, "no address is given, so <ip> has no effect")
        return None
    if reason := names.valid_address(text):
        report.error("address", place, reason)
    address = names.parse_address(text)
    if address is None:
        return None
    check_family(report, ip, address)
    if address.is_multicast or address.is_unspecified:
        report.error("address", place, f"{address} cannot be the address of an interface")
        return None
    return _prefixed(report, ip, address)


def _prefixed(report: Report, ip: Element, address: names.Address) -> str | None:
    prefix = ip.attributes.get("prefix")
    if prefix is None:
        reason = f"{address} has no prefix, and none is guessed"
        report.warning("netmask", ip, reason, "write prefix='24' for 255.255.255.0")
        return str(address)
    length = names.parse_integer(prefix.strip())
    if length is None:
        return None
    if length > address.max_prefixlen:
        reason = f"the prefix of {address} can be at most {address.max_prefixlen}, not {length}"
        report.error("netmask", report.tree.attribute_place(ip, "prefix"), reason)
        return None
    return str(ipaddress.ip_interface((address, length)))
