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
_BRIDGE_PREFIX, _BRIDGE_PREFIX6 = 22, 64
_FIRST_HOST = 2


@dataclass(frozen=True, slots=True)
class Bridge:
    """One of the bridges; `gateway` is its own address with the prefix of its network.

    gateway6 is the same by IPv6, None where the host has none.
    """

    name: str
    gateway: ipaddress.IPv4Interface
    gateway6: ipaddress.IPv6Interface | None = None

    @property
    def gateways(self) -> tuple[str, ...]:
        """All its own addresses, IPv4 first."""
        return _texts(self.gateway, self.gateway6)


@dataclass(frozen=True, slots=True)
class Port:
    """A container's place on a bridge."""

    number: int
    bridge: Bridge
    address: ipaddress.IPv4Interface
    mac: str
    outer: str
    address6: ipaddress.IPv6Interface | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """With prefix, IPv4 first."""
        return _texts(self.address, self.address6)


@dataclass(frozen=True, slots=True)
class Pool:
    """A /20, in bridges of a thousand ports each, and a /62 where the host has IPv6."""

    network: ipaddress.IPv4Network
    word: str
    """What sets the links of this engine apart from those of others."""
    network6: ipaddress.IPv6Network | None = None

    @classmethod
    def of(
        cls,
        network: ipaddress.IPv4Network,
        instance: str,
        network6: ipaddress.IPv6Network | None = None,
    ) -> Pool:
        """The pool of an engine."""
        return cls(network, hashlib.sha256(instance.encode()).hexdigest()[:8], network6)

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

    @property
    def ranges(self) -> tuple[tuple[str, str], ...]:
        """The first and the last address of a port on each bridge, with prefix."""
        firsts = range(0, self.size, PORTS_OF_A_BRIDGE)
        ends = ((self.port(at), self.port(at + PORTS_OF_A_BRIDGE - 1)) for at in firsts)
        return tuple((str(first.address), str(last.address)) for first, last in ends)

    def number_of(self, address: ipaddress.IPv4Address) -> int | None:
        """The number of the port that has an address, None where no port can have it."""
        for at, bridge in enumerate(self.bridges):
            offset = int(address) - int(bridge.gateway.network[_FIRST_HOST])
            if 0 <= offset < PORTS_OF_A_BRIDGE:
                return at * PORTS_OF_A_BRIDGE + offset
        return None


@lru_cache(maxsize=8)
def _bridges(pool: Pool) -> tuple[Bridge, ...]:
    parts = pool.network.subnets(new_prefix=_BRIDGE_PREFIX)
    six = pool.network6
    parts6 = six.subnets(new_prefix=_BRIDGE_PREFIX6) if six else [None] * _BRIDGES
    return tuple(
        Bridge(
            f"clb{pool.word}{at}",
            ipaddress.IPv4Interface((part[1], _BRIDGE_PREFIX)),
            ipaddress.IPv6Interface((part6[1], _BRIDGE_PREFIX6)) if part6 else None,
        )
        for at, (part, part6) in enumerate(zip(parts, parts6, strict=True))
    )


@lru_cache(maxsize=2 * _BRIDGES * PORTS_OF_A_BRIDGE)
def _port(pool: Pool, number: int) -> Port:
    bridge = pool.bridges[number // PORTS_OF_A_BRIDGE]
    place = _FIRST_HOST + number % PORTS_OF_A_BRIDGE
    host = bridge.gateway.network[place]
    mac = ":".join(f"{byte:02x}" for byte in (0x02, 0xC1, *host.packed))
    address = ipaddress.IPv4Interface((host, _BRIDGE_PREFIX))
    six = bridge.gateway6
    address6 = ipaddress.IPv6Interface((six.network[place], _BRIDGE_PREFIX6)) if six else None
    return Port(number, bridge, address, mac, f"clm{pool.word}{number:03x}", address6)


def _texts(
    address: ipaddress.IPv4Interface, address6: ipaddress.IPv6Interface | None
) -> tuple[str, ...]:
    return (str(address), str(address6)) if address6 else (str(address),)
