"""`<interface>` and the network devices of `<hostdev>` below `<devices>`."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container.network import Link
from cloche_engine.definition.container.network_checks import check_links
from cloche_engine.definition.domain.values import child_text
from cloche_engine.definition.names import short
from cloche_engine.definition.spec import Interface, InterfaceKind
from cloche_engine.definition.text.tree import Element

TYPES = {
    "network": InterfaceKind.NETWORK,
    "bridge": InterfaceKind.BRIDGE,
    "direct": InterfaceKind.MACVLAN,
    "ethernet": InterfaceKind.ETHERNET,
}
MODES = {"passthrough": "passthru"}


def is_understood(element: Element) -> bool:
    """Whether it is a link that a container can have; other devices of the host are kept."""
    kind = element.attributes.get("type", "").strip()
    if element.name == "interface":
        return kind in TYPES
    return kind == "net" and element.attributes.get("mode", "").strip() == "capabilities"


def read_links(report: Report, elements: list[Element]) -> tuple[Interface, ...]:
    """The interfaces in document order, what is wrong reported."""
    for element in elements:
        if not is_understood(element):
            _kept(report, element)
    known = [element for element in elements if is_understood(element)]
    found = check_links(report, [_link(element) for element in known], bare=True)
    return tuple(_meant(report, *pair) for pair in zip(known, found, strict=True))


def _kept(report: Report, element: Element) -> None:
    kind = short(element.attributes.get("type", ""))
    if element.name == "hostdev":
        reason = f"a device of the host, of type '{kind}', is kept; it counts as root-equivalent"
        report.warning("not-supported-yet", element, reason)
    else:
        reason = f"an interface of type '{kind}' is kept as it is and connects nothing here"
        hint = "network, bridge, direct and ethernet connect a container"
        if kind == "user":
            hint = "<interface type='network'> with <source network='default'/> is near to it"
        report.warning("not-supported-yet", element, reason, hint)


def _link(element: Element) -> Link:
    return Link(element if element.name == "interface" else None, element)


def _meant(report: Report, element: Element, read: Interface) -> Interface:
    if element.name == "interface":
        mode = MODES.get(read.mode or "", read.mode)
        return replace(read, mode=mode, forwards=())  # those are kept: it forwards none for LXC
    source = child_text(element.first("source"), "interface")
    if source is None:
        hint = "add <source><interface>eth1</interface></source>"
        report.error("missing", element, "the network device has no name", hint)
    return replace(read, kind=InterfaceKind.PHYSICAL, source=source)
