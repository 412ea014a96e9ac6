"""Changes the addresses, gateways and routes of one interface, keeping the form that is found."""

from __future__ import annotations

import ipaddress

from cloche_engine.definition.container.network import (
    Link,
    Next,
    gateways,
    is_default,
    links,
    read_route,
    subnet,
)
from cloche_engine.definition.container.network_markup import (
    gateway_markup,
    ip_markup,
    route_markup,
)
from cloche_engine.definition.editing.nameservers import set_address
from cloche_engine.definition.editing.siblings import network_of
from cloche_engine.definition.names import parse_address, version
from cloche_engine.definition.spec import Interface, Route
from cloche_engine.definition.text.sequence import Edits, change
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element


class Addresses:
    """What one interface of a document under edit says in `<ip>`, `<gateway>` and `<route>`."""

    def __init__(self, splicer: Splicer, at: int) -> None:
        self.splicer = splicer
        self.at = at

    def set(self, wanted: Interface) -> None:
        """Make them say what that interface does; equal ones keep their bytes."""
        flat = _is_flat(self.link())
        self._set_addresses(list(wanted.addresses))
        self._set_gateway(4, wanted.gateway, flat=flat)
        self._set_gateway(6, wanted.gateway6, flat=flat)
        self._set_routes(list(wanted.routes))

    def link(self) -> Link | None:
        """The interface as it is now."""
        found = links(self.splicer.root)
        return found[self.at] if self.at < len(found) else None

    def owner(self) -> Element:
        """The element that holds, or shall hold, the addresses."""
        link = self.link()
        return link.owner if link and link.owner is not None else network_of(self.splicer)

    def ips(self) -> list[Element]:
        """The `<ip>` elements as they are now."""
        link = self.link()
        return link.ips if link else []

    def _set_addresses(self, wanted: list[str]) -> None:
        present = [str(subnet(ip) or "") for ip in self.ips()]
        change(
            present,
            wanted,
            Edits(
                self._update_address,
                self._insert_address,
                lambda at: self.splicer.remove(self.ips()[at]),
            ),
        )

    def _insert_address(self, at: int, address: str) -> None:
        ips = self.ips()
        if not ips:
            self.splicer.add(self.owner(), ip_markup(address))
        elif at > 0:
            self.splicer.add_after(ips[at - 1], ip_markup(address))
        else:
            self.splicer.add_before(ips[0], ip_markup(address))

    def _update_address(self, at: int, address: str) -> None:
        entry = ipaddress.ip_interface(address)
        present = self.ips()[at].attributes
        wanted: dict[str, str | None] = {"address": str(entry.ip)}
        has_prefix = "prefix" in present or entry.version == 6
        if has_prefix:
            wanted["prefix"] = str(entry.network.prefixlen)
        if entry.version == 6:
            wanted["netmask"] = None
        elif "netmask" in present or not has_prefix:
            wanted["netmask"] = str(entry.netmask)
        if "family" in present:
            wanted["family"] = f"ipv{entry.version}"
        for name, value in wanted.items():
            if self.ips()[at].attributes.get(name) != value:
                self.splicer.set_attribute(self.ips()[at], name, value)

    def _gateway(self, wanted_version: int) -> Next | None:
        link = self.link()
        found = gateways(link.owner if link else None)
        return next((entry for entry in found if entry.address.version == wanted_version), None)

    def _default_route(self, wanted_version: int) -> Element | None:
        link = self.link()
        for element in link.routes if link else ():
            route = read_route(element)
            if route and is_default(route) and version(route.via) == wanted_version:
                return element
        return None

    def _set_gateway(self, family: int, wanted: str | None, *, flat: bool) -> None:
        present, route = self._gateway(family), self._default_route(family)
        if present is None and route is not None:
            self._set_default_route(route, wanted)
            return
        if present is not None and wanted is not None and _may_stand(present.ip, wanted):
            if str(present.address) != wanted:
                set_address(self.splicer, present.element, wanted)
            return
        if present is not None:
            self.splicer.remove(present.element)
        if wanted is not None:
            self.splicer.add(self._gateway_parent(wanted, flat=flat), gateway_markup(wanted))

    def _set_default_route(self, route: Element, wanted: str | None) -> None:
        if wanted is None:
            self.splicer.remove(route)
        elif str(parse_address(route.attributes["gateway"].strip())) != wanted:
            self.splicer.set_attribute(route, "gateway", wanted)

    def _gateway_parent(self, wanted: str, *, flat: bool) -> Element:
        ips = self.ips()
        if not ips or (flat and self.owner().name == "network"):
            return self.owner()
        return next((ip for ip in ips if _may_stand(ip, wanted)), ips[0])

    def _routes(self) -> list[Element]:
        link = self.link()
        found = [(element, read_route(element)) for element in (link.routes if link else ())]
        return [element for element, route in found if route and not is_default(route)]

    def _set_routes(self, wanted: list[Route]) -> None:
        present = [read_route(element) for element in self._routes()]
        known = [route for route in present if route is not None]
        change(known, wanted, Edits(self._update_route, self._insert_route, self._remove_route))

    def _update_route(self, at: int, route: Route) -> None:
        self.splicer.replace_element(self._routes()[at], route_markup(route))

    def _remove_route(self, at: int) -> None:
        self.splicer.remove(self._routes()[at])

    def _insert_route(self, at: int, route: Route) -> None:
        link, routes = self.link(), self._routes()
        if at > 0:
            self.splicer.add_after(routes[at - 1], route_markup(route))
        elif routes:
            self.splicer.add_before(routes[0], route_markup(route))
        elif link is not None and link.interface is not None:
            self.splicer.add(link.interface, route_markup(route))


def _may_stand(ip: Element | None, gateway: str) -> bool:
    """Whether a gateway may stand there: flat, or in the `<ip>` whose subnet holds it."""
    entry = subnet(ip) if ip is not None else None
    address = parse_address(gateway)
    return ip is None or (entry is not None and address is not None and address in entry.network)


def _is_flat(link: Link | None) -> bool:
    """Whether gateways and name servers stand beside the `<ip>`s."""
    owner = link.owner if link is not None else None
    return owner is not None and any(
        child.name in {"gateway", "nameserver"} for child in owner.children
    )
