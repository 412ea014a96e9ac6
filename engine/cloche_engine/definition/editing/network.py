"""Changes interfaces, addresses, gateways and name servers, keeping the form that is found."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from cloche_engine.definition.container import homes
from cloche_engine.definition.container.forwards import ELEMENT, forward_markup
from cloche_engine.definition.container.network import Link, links, read_interface, source_attribute
from cloche_engine.definition.container.network_markup import (
    address_markup,
    check_writable,
    interface_markup,
    is_private,
    source_markup,
    type_name,
)
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.addresses import Addresses
from cloche_engine.definition.editing.nameservers import Nameservers
from cloche_engine.definition.editing.siblings import container_of, edited, network_of
from cloche_engine.definition.spec import Interface
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.sequence import Edits, change
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element


def set_interface(document: Document, interface: Interface | None) -> Document:
    """The first interface, the others stay; None takes it away."""
    if interface is not None:
        check_writable(interface)
    first = [] if interface is None else [_plain(interface)]

    def apply(splicer: Splicer) -> None:
        interfaces = _Interfaces(splicer)
        interfaces.set([*first, *interfaces.present()[1:]])

    return edited(document, apply)


def set_interfaces(document: Document, interfaces: tuple[Interface, ...]) -> Document:
    """All interfaces in order; those that stay keep their bytes."""
    for interface in interfaces:
        check_writable(interface)
    wanted = [_plain(interface) for interface in interfaces]
    return edited(document, lambda splicer: _Interfaces(splicer).set(wanted))


def set_nameservers(document: Document, nameservers: tuple[str, ...]) -> Document:
    """The name servers in order; those that stay keep their bytes."""
    return edited(document, lambda splicer: Nameservers(splicer).set(list(nameservers)))


def _plain(interface: Interface) -> Interface:
    addresses = tuple(str(ipaddress.ip_interface(text)) for text in interface.addresses)
    return replace(interface, addresses=addresses, location=None)


class _Interfaces:
    """The interfaces of a document under edit."""

    def __init__(self, splicer: Splicer) -> None:
        self.splicer = splicer
        self.names = Nameservers(splicer)
        self.alone = True

    def links(self) -> list[Link]:
        return links(self.splicer.root)

    def present(self) -> list[Interface]:
        return [read_interface(link) for link in self.links()]

    def set(self, wanted: list[Interface]) -> None:
        present = self.present()
        if wanted == present:
            return
        nameservers = self.names.present()
        self.alone = max(len(present), len(wanted)) == 1
        change(present, wanted, Edits(self._update, self._insert, self._remove))
        if self.present() != wanted:
            # Addresses in <network> belong to whoever comes first: what that spoils is said anew.
            self._rewrite(wanted)
        self.names.set(nameservers)

    def _rewrite(self, wanted: list[Interface]) -> None:
        for at in reversed(range(len(self.links()))):
            self._remove(at)
        self._drop_shared()
        for interface in reversed(wanted):
            self._insert(0, interface)

    def _remove(self, at: int) -> None:
        link = self.links()[at]
        if link.owner is not link.interface:
            self._drop_shared()
        link = self.links()[at] if link.interface is not None else Link(None, None)
        if link.interface is not None:
            self.splicer.remove(link.interface)

    def _drop_shared(self) -> None:
        """Take addresses and gateways out of `<network>`."""
        while (network := homes.network(self.splicer.root)) is not None:
            stale = network.first("ip") or network.first("gateway")
            if stale is None:
                return
            self.splicer.remove(stale)

    def _insert(self, at: int, wanted: Interface) -> None:
        if self.alone and is_private(wanted):
            network_of(self.splicer)
            Addresses(self.splicer, at).set(wanted)
            return
        shares = self.alone and homes.network(self.splicer.root) is not None
        markup = interface_markup(wanted, addresses=not shares)
        found = [link.interface for link in self.links() if link.interface is not None]
        if not found:
            self.splicer.add(container_of(self.splicer), markup)
        elif at > 0:
            self.splicer.add_after(found[min(at, len(found)) - 1], markup)
        else:
            self.splicer.add_before(found[0], markup)
        if shares:
            Addresses(self.splicer, at).set(wanted)

    def _update(self, at: int, wanted: Interface) -> None:
        if self.alone and is_private(wanted):
            self._drop_element(at)
        elif self.links()[at].interface is not None:
            self._update_element(at, wanted)
        elif self.alone:
            markup = interface_markup(wanted, addresses=False)
            self.splicer.add(container_of(self.splicer), markup)
        Addresses(self.splicer, at).set(wanted)

    def _drop_element(self, at: int) -> None:
        """Without an `<interface>` it is a private one; addresses inside move to `<network>`."""
        link = self.links()[at]
        if link.interface is None:
            return
        own = read_interface(link) if link.owner is link.interface else None
        self.splicer.remove(link.interface)
        if own is not None:
            for markup in address_markup(own):
                self.splicer.add(network_of(self.splicer), markup)

    def _update_element(self, at: int, wanted: Interface) -> None:
        present = read_interface(self.links()[at])
        if wanted.kind is not present.kind:
            self.splicer.set_attribute(self._element(at), "type", type_name(wanted.kind))
        self._set_source(at, present, wanted)
        self._set_part(at, "mac", "address", wanted.mac)
        self._set_part(at, "guest", "dev", wanted.name)
        self._set_part(at, "target", "dev", wanted.host_name)
        if wanted.up is not present.up:
            self._set_part(at, "link", "state", "up" if wanted.up else "down")
        if wanted.forwards != present.forwards:
            self._set_forwards(at, wanted)

    def _element(self, at: int) -> Element:
        element = self.links()[at].interface
        if element is None:
            raise LookupError("an interface that was just there is gone")
        return element

    def _set_source(self, at: int, present: Interface, wanted: Interface) -> None:
        markup = source_markup(wanted)
        child = self._element(at).first("source")
        if child is None or markup is None:
            if child is not None and (present.source is not None or present.mode is not None):
                self.splicer.remove(child)
            elif markup is not None:
                self.splicer.add(self._element(at), markup)
            return
        attribute = source_attribute(wanted.kind)
        values = {"bridge": None, "dev": None, "network": None, "mode": wanted.mode}
        for name, value in (values | {attribute: wanted.source}).items():
            self._set_attribute(at, "source", name, value)

    def _set_forwards(self, at: int, wanted: Interface) -> None:
        while (stale := self._element(at).first(ELEMENT)) is not None:
            self.splicer.remove(stale)
        for forward in wanted.forwards:
            self.splicer.add(self._element(at), forward_markup(forward))

    def _set_part(self, at: int, name: str, attribute: str, value: str | None) -> None:
        child = self._element(at).first(name)
        if child is None and value is not None:
            self.splicer.add(self._element(at), Markup(name, ((attribute, value),)))
        elif child is not None and value is None:
            self.splicer.remove(child)
        else:
            self._set_attribute(at, name, attribute, value)

    def _set_attribute(self, at: int, name: str, attribute: str, value: str | None) -> None:
        child = self._element(at).first(name)
        present = child.attributes.get(attribute) if child is not None else None
        if child is not None and (present.strip() if present is not None else None) != value:
            self.splicer.set_attribute(child, attribute, value)
