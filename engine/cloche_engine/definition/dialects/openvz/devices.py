"""`<devices>` of July 2008 and since: mounts, routed links and bridges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cloche_engine.definition import names
from cloche_engine.definition.checking.once import Once
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container import homes
from cloche_engine.definition.container.filesystem_checks import check_mounts
from cloche_engine.definition.container.filesystem_markup import filesystem_markup
from cloche_engine.definition.container.network import (
    NEEDS_SOURCE,
    Link,
    is_default,
    read_interface,
    read_route,
    source_attribute,
    subnet_holds,
)
from cloche_engine.definition.container.network_checks import Ways, check_family, is_only_way
from cloche_engine.definition.container.network_markup import interface_markup, route_markup
from cloche_engine.definition.dialects.openvz import addresses
from cloche_engine.definition.dialects.openvz.quota import read_quota
from cloche_engine.definition.domain.values import branch
from cloche_engine.definition.spec import (
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Location,
)
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

_NO_MAC = "00:00:00:00:00:00"
_MOUNTS = {FilesystemKind.MOUNT, FilesystemKind.TEMPLATE, FilesystemKind.FILE}
_LINKS = {
    InterfaceKind.ETHERNET: InterfaceKind.ETHERNET,
    InterfaceKind.BRIDGE: InterfaceKind.BRIDGE,
    # The nearest that there is to a network of Cloche's own: its addresses at least stay.
    InterfaceKind.NAT: InterfaceKind.ETHERNET,
}


def read_filesystems(report: Report) -> tuple[Filesystem, ...]:
    """The mounts of `<container>` and `<devices>`, with the space that their quotas allow."""
    elements = homes.filesystems(report.tree.root)
    quotas = {Location(*report.tree.place(e)): read_quota(report, e) for e in elements}
    found = check_mounts(report)
    own = (replace(each, access=None, owner=None) for each in found)  # kept as they are
    return tuple(
        replace(each, size_kib=quotas[each.location])
        if each.size_kib is None and each.location in quotas
        else each
        for each in own
    )


def read_interfaces(report: Report) -> tuple[Interface, ...]:
    """The interfaces of `<devices>`."""
    devices = report.tree.root.first("devices")
    elements = devices.all("interface") if devices is not None else []
    found = tuple(_interface(report, element) for element in elements)
    _check_once(report, zip(elements, found, strict=True))
    return found


def devices_markup(
    filesystems: tuple[Filesystem, ...], interfaces: tuple[Interface, ...]
) -> tuple[Markup, ...]:
    """`<devices>` with what OpenVZ has of these, nothing where that is nothing."""
    mounts = tuple(
        filesystem_markup(replace(each, options=())) for each in filesystems if each.kind in _MOUNTS
    )
    links = tuple(_link(each) for each in interfaces if each.kind in _LINKS)
    return branch("devices", mounts, links)


def _link(interface: Interface) -> Markup:
    """An interface; its gateways are routes to everywhere."""
    bare = replace(interface, kind=_LINKS[interface.kind], routes=())
    drawn = interface_markup(bare, addresses=False)
    ips = map(_ip, interface.addresses)
    routes = map(route_markup, (*interface.default_routes, *interface.routes))
    return replace(drawn, children=(*drawn.children, *ips, *routes))


def _ip(address: str) -> Markup:
    text, _, prefix = address.partition("/")
    family = f"ipv{names.version(text)}"
    return Markup("ip", (("address", text), ("family", family), ("prefix", prefix or None)))


def _interface(report: Report, element: Element) -> Interface:
    base = read_interface(Link(element, element))
    given = [addresses.of_today(report, ip) for ip in element.all("ip")]
    found = [addresses.read_subnet(report, entry) for entry in given]
    subnets = tuple(text for text in found if text is not None)
    for ip, text in zip(element.all("ip"), found, strict=True):
        address = names.parse_address((text or "").partition("/")[0])
        if address is not None:
            check_family(report, ip, address)
    _check_source(report, element, base)
    _check_reach(report, element, replace(base, addresses=subnets))
    return replace(
        base,
        mac=None if base.mac == _NO_MAC else base.mac,
        addresses=subnets,
        forwards=(),
        mode="passthru" if base.mode == "passthrough" else base.mode,
        location=Location(*report.tree.place(element)),
    )


def _check_source(report: Report, element: Element, interface: Interface) -> None:
    if interface.kind in NEEDS_SOURCE and interface.source is None:
        attribute = source_attribute(interface.kind)
        reason = f"an interface of type '{element.attributes.get('type', '')}' has no outer end"
        report.error("missing", element, reason, f"add <source {attribute}='...'/>")


def _check_reach(report: Report, element: Element, interface: Interface) -> None:
    """Next hops have to be near where the masks say what is; an address alone says nothing."""
    if not interface.addresses or not all("/" in text for text in interface.addresses):
        return
    for route in element.all("route"):
        hop = names.parse_address(route.attributes.get("gateway", "").strip())
        near = any(subnet_holds(text, str(hop)) for text in interface.addresses)
        if hop is not None and not near and not hop.is_link_local:
            reason = f"the gateway {hop} is outside every subnet of its interface"
            hint = "give an address of the network that the container is in"
            report.error("gateway-outside", route, reason, hint)


def _check_once(report: Report, found: Iterable[tuple[Element, Interface]]) -> None:
    once = Once(report)
    ways: Ways = {}
    for element, interface in found:
        once.take_interface(element, interface)
        for each in element.all("route"):
            route = read_route(each)
            if route is not None and is_default(route):  # one with a metric may stand beside it
                is_only_way(report, each, names.version(route.via), ways)
