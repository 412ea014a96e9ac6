"""The networks that an engine manages itself, as every engine shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SIGNATURE = "(ssasa(ss)asassa(ss)a(ss))"
"""A network on the bus."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network; what is empty is not made yet. trouble is sentences on what does not work.

    containers are those that run in it, once for each address; forwards are ports of the host as
    `tcp 127.0.0.1:8080 to 80 of web`. subnet6 is empty where the host has no IPv6.
    ranges are the first and the last address, with prefix, that can be chosen on each bridge;
    leases are uuids with the address that is kept for them, whether they run or not.
    """

    name: str
    subnet: str = ""
    bridges: tuple[str, ...] = ()
    containers: tuple[tuple[str, str], ...] = ()
    forwards: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()
    subnet6: str = ""
    ranges: tuple[tuple[str, str], ...] = ()
    leases: tuple[tuple[str, str], ...] = ()


def network_values(network: Network) -> tuple[Any, ...]:
    """A network as the bus carries it."""
    return (
        network.name, network.subnet, list(network.bridges), list(network.containers),
        list(network.forwards), list(network.trouble), network.subnet6,
        list(network.ranges), list(network.leases),
    )  # fmt: skip


def network_from(values: Sequence[Any]) -> Network:
    """The network that these values show."""
    name, subnet, bridges, containers, forwards, trouble, subnet6, ranges, leases = values
    return Network(
        name, subnet, tuple(bridges), _pairs(containers), tuple(forwards), tuple(trouble), subnet6,
        _pairs(ranges), _pairs(leases),
    )  # fmt: skip


def _pairs(values: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in values)
