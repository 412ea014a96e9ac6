"""Addresses, masks and gateways of the two old shapes, where each is a text or an attribute."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.listing import Place
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.values import check_one_address
from cloche_engine.definition.problem import Fix
from cloche_engine.definition.spec import Interface, Location
from cloche_engine.definition.text.tree import Element


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it is written, space around it off, and where; empty where it is not given."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Given:
    """What is said of one address, in which element; the mask of today's shape is a prefix."""

    element: Element
    address: Written
    mask: Written
    gateway: Written
    is_prefix: bool = False


def of_attributes(report: Report, ip: Element) -> Given:
    """An `<ip>` of March 2007."""
    address, mask, gateway = (_of(report, ip, name) for name in ("address", "netmask", "defgw"))
    return Given(ip, address, mask, gateway)


def of_today(report: Report, ip: Element) -> Given:
    """An `<ip>` of today, which has its gateway beside it as a `<route>`."""
    is_prefix = "netmask" not in ip.attributes
    mask = _of(report, ip, "prefix" if is_prefix else "netmask")
    return Given(ip, _of(report, ip, "address"), mask, _of(report, ip, "gateway"), is_prefix)


def _of(report: Report, ip: Element, name: str) -> Written:
    return Written(ip.attributes.get(name, "").strip(), report.tree.attribute_place(ip, name))


def of_children(report: Report, network: Element) -> Given:
    """The `<network>` of January 2008, where each is the text of a child."""
    wanted = ("ipaddress", "netmask", "gateway")
    address, mask, gateway = (_below(report, network, name) for name in wanted)
    return Given(network, address, mask, gateway)


def _below(report: Report, network: Element, name: str) -> Written:
    child = network.first(name)
    if child is not None and name == "gateway":
        return _text_or_attribute(report, child)
    text = child.text.strip() if child is not None else ""
    return Written(text, report.tree.text_place(child or network))


def _text_or_attribute(report: Report, element: Element) -> Written:
    """The text of an element or, as the RFC has it, its attribute; both have to agree."""
    text, attribute = element.text.strip(), element.attributes.get("address", "").strip()
    check_one_address(report, element)
    if text or not attribute:
        return Written(text, report.tree.text_place(element))
    return Written(attribute, report.tree.attribute_place(element, "address"))


def read_link(report: Report, given: list[Given], place: Place) -> Interface | None:
    """OpenVZ's venet with all of its addresses; None where it has none that can be read."""
    subnets: list[str] = []
    hops: dict[int, str] = {}
    first: dict[int, Given] = {}
    for entry in given:
        subnet = read_subnet(report, entry)
        hop = _parsed(report, entry.gateway, "gateway")
        if hop is not None and first.setdefault(hop.version, entry) is not entry:
            _tell_second(report, first[hop.version], entry, hop)
        elif hop is not None and _is_good_hop(report, entry, subnet, hop):
            hops[hop.version] = str(hop)
        if subnet is not None:
            subnets.append(subnet)
    if not subnets:
        return None
    location = Location(*place)
    return Interface(
        addresses=tuple(subnets), gateway=hops.get(4), gateway6=hops.get(6), location=location
    )


def read_nameservers(report: Report, network: Element) -> tuple[str, ...]:
    """The name servers in their order, those that are empty left out."""
    found = []
    for element in network.all("nameserver"):
        written = _text_or_attribute(report, element)
        if not written.text:
            report.warning("nameserver", element, "<nameserver> is empty and has no effect")
        elif (address := _parsed(report, written, "nameserver")) is not None:
            found.append(str(address))
    return tuple(found)


def read_subnet(report: Report, given: Given) -> str | None:
    """The address with its prefix, alone without a mask: neither 24 nor a class is guessed."""
    if not given.address.text:
        place = given.address.place
        report.warning("address", place, "no address is given, so the network has no effect")
        return None
    address = _parsed(report, given.address, "address")
    if address is None:
        return None
    if address.is_multicast or address.is_unspecified:
        reason = f"{address} cannot be the address of an interface"
        report.error("address", given.address.place, reason)
        return None
    if not given.mask.text:
        reason = f"{address} has no netmask, and none is guessed"
        report.warning("netmask", given.mask.place, reason, "write the mask of its network")
        return str(address)
    if given.is_prefix:
        return _prefixed(report, address, given.mask)
    return _masked(report, address, given.mask)


def _prefixed(report: Report, address: names.Address, prefix: Written) -> str | None:
    length = names.parse_integer(prefix.text)
    if length is None or length > 128:
        return None  # the schema has told
    if length > address.max_prefixlen:
        reason = f"the prefix of {address} can be at most {address.max_prefixlen}, not {length}"
        report.error("netmask", prefix.place, reason, "write prefix='24'")
        return None
    return f"{address}/{length}"


def _masked(report: Report, address: names.Address, mask: Written) -> str | None:
    if address.version == 6:
        reason = f"{address} is an IPv6 address, which has a prefix and no netmask"
        report.error("netmask", mask.place, reason, "leave the netmask out")
        return None
    if wrong := names.valid_netmask(mask.text):
        report.error("netmask", mask.place, wrong, "write it as 255.255.255.0")
        return None
    return f"{address}/{names.netmask_prefix(mask.text)}"


def _tell_second(report: Report, first: Given, second: Given, hop: names.Address) -> None:
    """Of several `<ip>` one alone may say defgw; either can be kept."""
    one, two = (f"defgw='{names.short(each.gateway.text)}'" for each in (first, second))
    report.error(
        "duplicate",
        second.gateway.place,
        f"a second IPv{hop.version} gateway: only one can be the way to everywhere",
        f"keep one of them; the first is in line {first.gateway.place[0]}",
        _without(report, second, "keep-first", f"keep {one}, remove {two}"),
        _without(report, first, "keep-second", f"keep {two}, remove {one}"),
    )


def _without(report: Report, given: Given, name: str, words: str) -> Fix:
    removed = fixes.remove_attribute(report.tree, given.element, "defgw")
    return replace(removed, name=name, description=words)


def _is_good_hop(report: Report, given: Given, subnet: str | None, hop: names.Address) -> bool:
    place = given.gateway.place
    if subnet is None:
        if not given.address.text:
            reason = f"the gateway {hop} stands without an address and has no effect"
            report.warning("gateway", place, reason)
        return False
    network = ipaddress.ip_interface(subnet).network
    reached = hop in network or (hop.version == 6 and hop.is_link_local)
    if "/" in subnet and not reached:
        reason = f"the gateway {hop} is outside the container's subnet {network}"
        hint = "give an address of the network that the container is in"
        report.error("gateway-outside", place, reason, hint)
        return False
    return True


def _parsed(report: Report, written: Written, code: str) -> names.Address | None:
    reason = names.valid_address(written.text) if written.text else None
    if reason:
        report.error(code, written.place, reason)
    return names.parse_address(written.text)
