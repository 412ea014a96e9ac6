"""Which addresses of a managed network a container can have: the words before and at a start."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cloche_engine.definition.problem import Problem, Severity
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind

if TYPE_CHECKING:
    from cloche_engine.api.networks import Network

_Address = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def outside(address: str, network: str, first: str, last: str) -> tuple[str, str]:
    """What is said of an address that is none of the network, and the next step."""
    reason = f"{address} is no address of the network {network}"
    return reason, f"give one from {first} to {last}, or none"


def held(address: str) -> tuple[str, str]:
    """What is said of an address that another container keeps, and the next step."""
    return f"another container has the address {address}", "give another, or none"


def refused(spec: ContainerSpec, networks: Iterable[Network]) -> tuple[Problem, ...]:
    """A warning for each address that a start would refuse as things are.

    Nothing is known of a network before its range is chosen.
    """
    known = {network.name: network for network in networks}
    found = (
        _refused(one, known[one.source or ""], spec.uuid)
        for one in spec.interfaces
        if one.kind is InterfaceKind.NETWORK and one.source in known
    )
    return tuple(problem for problem in found if problem)


def _refused(interface: Interface, network: Network, uuid: str | None) -> Problem | None:
    if len(interface.addresses) != 1 or not network.ranges:
        return None
    wanted = ipaddress.ip_interface(interface.addresses[0])
    if not any(_holds(each, wanted) for each in network.ranges):
        code, words = "address-outside", outside(str(wanted), network.name, *network.ranges[0])
    elif any(address == str(wanted.ip) and one != uuid for one, address in network.leases):
        code, words = "address-held", held(str(wanted.ip))
    else:
        return None
    location = interface.location
    place = (location.line, location.column) if location else (1, 1)
    return Problem(code, Severity.WARNING, *place, *words)


def _holds(bounds: tuple[str, str], wanted: _Address) -> bool:
    first, last = map(ipaddress.ip_interface, bounds)
    same = wanted.network == first.network
    return same and int(first.ip) <= int(wanted.ip) <= int(last.ip)
