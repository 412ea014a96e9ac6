"""Changes interface, addresses, gateways and name servers, keeping the form that is found."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import container_of, edited, network_of
from cloche_engine.definition.names import parse_address
from cloche_engine.definition.network import (
    Link,
    Next,
    address_text,
    gateways,
    links,
    nameserver_elements,
    read_interface,
    subnet,
)
from cloche_engine.definition.spec import Interface, InterfaceKind
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.sequence import Edits, change
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element


def set_interface(document: Document, interface: Interface | None) -> Document:
    """The first interface; None isolates. A private one has no `<interface>`: no mac, no name."""
    if interface is not None:
        check_writable(interface)
        interface = replace(interface, location=None)
    return edited(document, lambda splicer: _Network(splicer).set(interface))


def set_nameservers(document: Document, nameservers: tuple[str, ...]) -> Document:
    """The name servers in order; those that stay keep their bytes."""
    return edited(document, lambda splicer: _Nameservers(splicer).set(list(nameservers)))


def check_writable(interface: Interface) -> None:
    """ValueError where a definition has no place for such an interface."""
    if interface.kind not in {InterfaceKind.BRIDGE, InterfaceKind.NAT}:
        raise ValueError(f"an interface of kind '{interface.kind}' cannot be written yet")
    if interface.routes or not interface.up:
        raise ValueError("routes and interfaces that are down cannot be written yet")
    if interface.kind is InterfaceKind.NAT and not interface.addresses:
        raise ValueError("an interface on a private bridge needs an address: give it one")
    for address in interface.addresses:
        ipaddress.ip_interface(address)


def ip_markup(address: str, children: tuple[Markup, ...] = ()) -> Markup:
    """An `<ip>`; IPv4 with a netmask as the RFC has it, IPv6 with a prefix."""
    entry = ipaddress.ip_interface(address)
    length = ("netmask", str(entry.netmask))
    if entry.version == 6:
        length = ("prefix", str(entry.network.prefixlen))
    return Markup("ip", (("address", str(entry.ip)), length), children=children)


def interface_markup(interface: Interface, ips: tuple[Markup, ...] = ()) -> Markup:
    """An `<interface>` on a bridge."""
    parts = (
        ("source", "bridge", interface.source),
        ("target", "dev", interface.name),
        ("mac", "address", interface.mac),
    )
    children = tuple(
        Markup(child, ((attribute, value),)) for child, attribute, value in parts if value
    )
    return Markup("interface", (("type", "bridge"),), children=children + ips)


class _Network:
    """The first interface of a document under edit."""

    def __init__(self, splicer: Splicer) -> None:
        self.splicer = splicer
        self.names = _Nameservers(splicer)

    def link(self) -> Link | None:
        return next(iter(links(self.splicer.container)), None)

    def set(self, wanted: Interface | None) -> None:
        link = self.link()
        if wanted == (read_interface(link) if link else None):
            return
        self._check_alone(wanted)
        nameservers = self.names.present()
        if wanted is None:
            self._isolate()
        else:
            self._connect(wanted)
        self.names.set(nameservers)

    def _check_alone(self, wanted: Interface | None) -> None:
        """Taking one of several away would hand the addresses of `<network>` to another."""
        found = links(self.splicer.container)
        kind = InterfaceKind.BRIDGE if found and found[0].interface else InterfaceKind.NAT
        if len(found) > 1 and (wanted is None or wanted.kind is not kind):
            raise ValueError("the definition has several interfaces: change their kind in its XML")

    def _connect(self, wanted: Interface) -> None:
        flat = _is_flat(self.link())
        if wanted.kind is InterfaceKind.BRIDGE:
            self._set_bridge(wanted)
        else:
            self._drop_interface()
        self._set_addresses([str(ipaddress.ip_interface(a)) for a in wanted.addresses])
        self._set_gateway(4, wanted.gateway, flat=flat)
        self._set_gateway(6, wanted.gateway6, flat=flat)

    def _isolate(self) -> None:
        self._drop_interface()
        network = self.splicer.container.first("network") if self.splicer.container else None
        while network is not None:
            stale = network.first("ip") or network.first("gateway")
            if stale is None:
                break
            self.splicer.remove(stale)
            network = network_of(self.splicer)

    def _drop_interface(self) -> None:
        link = self.link()
        if link is not None and link.interface is not None:
            self.splicer.remove(link.interface)

    def _set_bridge(self, wanted: Interface) -> None:
        container = container_of(self.splicer)
        if container.first("interface") is None:
            self.splicer.add(container, interface_markup(wanted))
            return
        self._set_part("source", "bridge", wanted.source)
        self._set_part("target", "dev", wanted.name)
        self._set_part("mac", "address", wanted.mac)

    def _set_part(self, name: str, attribute: str, value: str | None) -> None:
        interface = container_of(self.splicer).first("interface")
        child = interface.first(name) if interface is not None else None
        if interface is None or (child is None and value is None):
            return
        if child is None:
            self.splicer.add(interface, Markup(name, ((attribute, value),)))
        elif value is None:
            self.splicer.remove(child)
        elif child.attributes.get(attribute, "").strip() != value:
            self.splicer.set_attribute(child, attribute, value)

    def owner(self) -> Element:
        """The element that holds, or shall hold, the addresses."""
        link = self.link()
        return link.owner if link and link.owner is not None else network_of(self.splicer)

    def ips(self) -> list[Element]:
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

    def _gateway(self, version: int) -> Next | None:
        link = self.link()
        found = gateways(link.owner if link else None)
        return next((entry for entry in found if entry.address.version == version), None)

    def _set_gateway(self, version: int, wanted: str | None, *, flat: bool) -> None:
        present = self._gateway(version)
        if present is not None and wanted is not None and _reaches(present.ip, wanted):
            if str(present.address) != wanted:
                set_address(self.splicer, present.element, wanted)
            return
        if present is not None:
            self.splicer.remove(present.element)
        if wanted is not None:
            markup = Markup("gateway", (("address", wanted),))
            self.splicer.add(self._gateway_parent(wanted, flat=flat), markup)

    def _gateway_parent(self, wanted: str, *, flat: bool) -> Element:
        ips = self.ips()
        if not ips or (flat and self.owner().name == "network"):
            return self.owner()
        return next((ip for ip in ips if _reaches(ip, wanted)), ips[0])


def _reaches(ip: Element | None, gateway: str) -> bool:
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


def set_address(splicer: Splicer, element: Element, address: str) -> None:
    """The address of a gateway or name server, as attribute or text as it was written."""
    if "address" not in element.attributes and element.text.strip():
        splicer.set_text(element, address)
        return
    if element.text.strip():
        splicer.set_text(element, address)
        # The text lies behind the start tag, so the element still begins where it did.
        element = _at(splicer.root, element.start) or element
    splicer.set_attribute(element, "address", address)


def _at(element: Element, start: int) -> Element | None:
    if element.start == start:
        return element
    inside = next((c for c in element.children if c.start <= start < c.end), None)
    return _at(inside, start) if inside is not None else None


class _Nameservers:
    """The name servers of a document under edit."""

    def __init__(self, splicer: Splicer) -> None:
        self.splicer = splicer

    def elements(self) -> list[Element]:
        found = nameserver_elements(self.splicer.container)
        return [element for element in found if parse_address(address_text(element))]

    def present(self) -> list[str]:
        return [str(parse_address(address_text(element))) for element in self.elements()]

    def set(self, wanted: list[str]) -> None:
        normal = [str(parse_address(text.strip()) or text.strip()) for text in wanted]
        change(self.present(), normal, Edits(self._update, self._insert, self._remove))

    def _update(self, at: int, address: str) -> None:
        set_address(self.splicer, self.elements()[at], address)

    def _remove(self, at: int) -> None:
        self.splicer.remove(self.elements()[at])

    def _insert(self, at: int, address: str) -> None:
        markup = Markup("nameserver", (("address", address),))
        elements = self.elements()
        if at > 0:
            self.splicer.add_after(elements[at - 1], markup)
        elif elements:
            self.splicer.add_before(elements[0], markup)
        else:
            self.splicer.add(self._parent(), markup)

    def _parent(self) -> Element:
        network = network_of(self.splicer)
        ips = network.all("ip")
        return network if not ips or network.first("gateway") else ips[0]
