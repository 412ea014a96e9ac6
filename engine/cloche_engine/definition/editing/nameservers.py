"""Changes the name servers, each as attribute or text as it was written."""

from __future__ import annotations

from cloche_engine.definition.container.network import address_text, nameserver_elements
from cloche_engine.definition.editing.siblings import network_of
from cloche_engine.definition.names import parse_address
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.sequence import Edits, change
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element


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


class Nameservers:
    """The name servers of a document under edit."""

    def __init__(self, splicer: Splicer) -> None:
        self.splicer = splicer

    def elements(self) -> list[Element]:
        """Those that can be read, as they are now."""
        found = nameserver_elements(self.splicer.root)
        return [element for element in found if parse_address(address_text(element))]

    def present(self) -> list[str]:
        """Their addresses."""
        return [str(parse_address(address_text(element))) for element in self.elements()]

    def set(self, wanted: list[str]) -> None:
        """Make them these; equal ones keep their bytes."""
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
