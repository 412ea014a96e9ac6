"""The networks that an engine manages itself, as every engine shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SIGNATURE = "(ssasa(ss)asass)"
"""A network on the bus."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network; what is empty is not made yet. trouble is sentences on what does not work.

    containers are those that run in it, once for each address; forwards are ports of the host as
    `tcp 127.0.0.1:8080 to 80 of web`. subnet6 is empty where the host has no IPv6.
    """

    name: str
    subnet: str = ""
    bridges: tuple[str, ...] = ()
    containers: tuple[tuple[str, str], ...] = ()
    forwards: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()
    subnet6: str = ""


def network_values(network: Network) -> tuple[Any, ...]:
    """A network as the bus carries it."""
    return (
        network.name, network.subnet, list(network.bridges), list(network.containers),
        list(network.forwards), list(network.trouble), network.subnet6,
    )  # fmt: skip


def network_from(values: Sequence[Any]) -> Network:
    """The network that these values show."""
    name, subnet, bridges, containers, forwards, trouble, subnet6 = values
    pairs = tuple((container, address) for container, address in containers)
    return Network(name, subnet, tuple(bridges), pairs, tuple(forwards), tuple(trouble), subnet6)
