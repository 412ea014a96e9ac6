"""Tells what is wrong with the ports of the host that a definition forwards."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container.forwards import ELEMENT, ports_of, ranges, refusal
from cloche_engine.definition.spec import Interface, PortForward
from cloche_engine.definition.text.tree import Element


def check_forwards(report: Report, element: Element, interface: Interface) -> None:
    """Report what is wrong with the forwards of an interface."""
    taken: dict[tuple[str, str], list[PortForward]] = {}
    for forward in element.all(ELEMENT):
        if not interface.is_managed:
            reason = "only the network that Cloche manages itself is reached by ports of the host"
            hint = "use type 'network', or remove it"
            report.error("contradiction", forward, reason, hint)
        _check_address(report, forward)
        for entry in forward.all("range"):
            _check_range(report, entry)
        for found in ranges(forward):
            others = taken.setdefault((found.proto, found.address or ""), [])
            if any(found.start <= other.end and other.start <= found.end for other in others):
                reason = f"the port {found.start} of the host is forwarded twice"
                report.error("duplicate", forward, reason, "keep one of them")
            others.append(found)


def _check_range(report: Report, entry: Element) -> None:
    ports = ports_of(entry)
    reason = refusal(*ports) if ports is not None else None
    if reason:
        report.error("port-range", entry, reason, "give other ports, or several ranges")


def _check_address(report: Report, forward: Element) -> None:
    host = names.parse_address(forward.attributes.get("address", "").strip())
    if host is None:
        return  # the schema has told, or there is none
    if host.version == 6 and host.is_loopback:
        reason = "nothing that is sent to ::1 leads into a container"
        report.error("address", forward, reason, "write 127.0.0.1, or another address of the host")
    elif host.is_unspecified or host.is_multicast:
        reason = f"{host} is no address of a host"
        report.error("address", forward, reason, "without an address all of the host's are meant")
