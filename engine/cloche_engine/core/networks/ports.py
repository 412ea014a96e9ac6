"""Where a container is in the managed network: bridge, address, hardware address, name of its link.

All follow from one number, so that what the firewall and the DHCP server know of a port is known
before anybody has it: a start has nobody to tell.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from functools import lru_cache

NAME = "default"
"""What definitions call the network."""

PORTS_OF_A_BRIDGE = 1000
"""The kernel has place for 1024."""
_BRIDGES = 4
_BRIDGE_PREFIX = 22
_FIRST_HOST = 2


@dataclass(frozen=True, slots=True)
class Bridge:
    """One of the bridges; `gateway` is its own address with the prefix of its network."""

    name: str
    gateway: ipaddress.IPv4Interface


@dataclass(frozen=True, slots=True)
class Port:
    """A container's place on a bridge."""

    number: int
    bridge: Bridge
    address: ipaddress.IPv4Interface
    mac: str
    outer: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A /20, in bridges of a thousand ports each."""

    network: ipaddress.IPv4Network
    word: str
    """What sets the links of this engine apart from those of others."""

    @classmethod
    def of(cls, network: ipaddress.IPv4Network, instance: str) -> Pool:
        """The pool of an engine."""
        return cls(network, hashlib.sha256(instance.encode()).hexdigest()[:8])

    @property
    def size(self) -> int:
        """How many ports there are."""
        return _BRIDGES * PORTS_OF_A_BRIDGE

    @property
    def bridge_pattern(self) -> str:
        """All its bridges, as nft and dnsmasq write it."""
        return f"clb{self.word}*"

    @property
    def port_pattern(self) -> str:
        """All ends of its ports on the host."""
        return f"clm{self.word}*"

    @property
    def bridges(self) -> tuple[Bridge, ...]:
        """Each with its part of the addresses."""
        return _bridges(self)

    def port(self, number: int) -> Port:
        """The port of a number from 0 to size - 1."""
        return _port(self, number)

    def number_of(self, address: ipaddress.IPv4Address) -> int | None:
        """The number of the port that has an address, None where no port can have it."""
        for at, bridge in enumerate(self.bridges):
            offset = int(address) - int(bridge.gateway.network[_FIRST_HOST])
            if 0 <= offset < PORTS_OF_A_BRIDGE:
                return at * PORTS_OF_A_BRIDGE + offset
        return None


@lru_cache(maxsize=8)
def _bridges(pool: Pool) -> tuple[Bridge, ...]:
    parts = enumerate(pool.network.subnets(new_prefix=_BRIDGE_PREFIX))
    return tuple(
        Bridge(f"clb{pool.word}{at}", ipaddress.IPv4Interface((part[1], _BRIDGE_PREFIX)))
        for at, part in parts
    )


@lru_cache(maxsize=2 * _BRIDGES * PORTS_OF_A_BRIDGE)
def _port(pool: Pool, number: int) -> Port:
    bridge = pool.bridges[number // PORTS_OF_A_BRIDGE]
    host = bridge.gateway.network[_FIRST_HOST + number % PORTS_OF_A_BRIDGE]
    mac = ":".join(f"{byte:02x}" for byte in (0x02, 0xC1, *host.packed))
    address = ipaddress.IPv4Interface((host, _BRIDGE_PREFIX))
    return Port(number, bridge, address, mac, f"clm{pool.word}{number:03x}")
