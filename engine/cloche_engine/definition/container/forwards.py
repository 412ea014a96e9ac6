"""Ports of the host that lead into a container: `<portForward>`, in libvirt's spelling."""

from __future__ import annotations

from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.spec import PortForward
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

ELEMENT = "portForward"
MAX_MOVED = 1024
"""Ports that one range may lead to others with: each is a rule of its own."""


def read_forwards(interface: Element | None) -> tuple[PortForward, ...]:
    """Every range that can be read, in document order."""
    elements = interface.all(ELEMENT) if interface is not None else []
    return tuple(found for each in elements for found in ranges(each))


def forward_markup(forward: PortForward) -> Markup:
    """A `<portForward>` of one range."""
    many = forward.end != forward.start
    moved = forward.to != forward.start
    ports = (
        ("start", str(forward.start)),
        ("end", str(forward.end) if many else None),
        ("to", str(forward.to) if moved else None),
    )
    attributes = (("proto", forward.proto), ("address", forward.address))
    return Markup(ELEMENT, attributes, children=(Markup("range", ports),))


def ranges(element: Element) -> Iterator[PortForward]:
    """The ranges of a `<portForward>` that can be read."""
    proto = element.attributes.get("proto", "").strip()
    address = element.attributes.get("address")
    host = names.parse_address(address.strip()) if address is not None else None
    if proto not in {"tcp", "udp"} or (address is not None and host is None):
        return
    for entry in element.all("range"):
        ports = ports_of(entry)
        if ports is not None and not refusal(*ports):
            yield PortForward(proto, *ports, str(host) if host else None)


def ports_of(entry: Element) -> tuple[int, int, int] | None:
    """First and last port outside and the first inside; None where one cannot be read."""
    start, end, to = (_port(entry, name) for name in ("start", "end", "to"))
    if start is None or (end is None and "end" in entry.attributes):
        return None
    if to is None and "to" in entry.attributes:
        return None
    return start, start if end is None else end, start if to is None else to


def _port(entry: Element, name: str) -> int | None:
    value = names.parse_integer(entry.attributes.get(name, "").strip())
    return value if value is not None and 1 <= value <= names.MAX_PORT else None


def refusal(start: int, end: int, to: int) -> str | None:
    """Why a range of these ports cannot be."""
    if end < start:
        return f"the range ends at {end}, before it starts at {start}"
    if to + end - start > names.MAX_PORT:
        return f"the range would lead to ports above {names.MAX_PORT}"
    if to != start and end - start >= MAX_MOVED:
        return f"a range of more than {MAX_MOVED} ports cannot lead to other ones"
    return None
