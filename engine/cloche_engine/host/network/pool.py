"""A range of addresses that nothing on the host is in the way of."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

from cloche_engine.host.network.overlap import collide, taken_networks
from cloche_engine.kernel.netlink import Netlink

PREFIX = 20
_HOMES = tuple(
    ipaddress.IPv4Network(text) for text in ("10.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
)
_PREFIX6 = 62
_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
_TRIES = 100
_OF_NAMESPACES = Path("/etc/netns")
_RESOLVERS = Path("/etc/resolv.conf")


def free_pool(instance: str) -> ipaddress.IPv4Network | None:
    """A free /20 of the private ranges (RFC 1918); None where all are taken.

    Each engine begins to look elsewhere, so that two seldom want the same.
    """
    with Netlink() as netlink:
        taken = [network for _, _, network in taken_networks(netlink)]
    taken += [ipaddress.ip_network(resolver) for resolver in resolvers()]
    for home in _HOMES:
        for pool in _from_somewhere(home, instance):
            if not any(collide(pool, other) for other in taken):
                return pool
    return None


def has_ipv6() -> bool:
    """Whether the kernel has IPv6, and nobody switched it off (ip-sysctl, kernel)."""
    try:
        return _NO_IPV6.read_text().strip() == "0"
    except FileNotFoundError:
        return False


def free_pool6() -> ipaddress.IPv6Network | None:
    """A /62 of a random unique local prefix (RFC 4193); None where all of those are taken."""
    with Netlink() as netlink:
        taken = [network for _, _, network in taken_networks(netlink)]
    for _ in range(_TRIES):
        pool = ipaddress.IPv6Network((b"\xfd" + os.urandom(5) + bytes(10), _PREFIX6))
        if not any(collide(pool, other) for other in taken):
            return pool
    return None


def _from_somewhere(home: ipaddress.IPv4Network, instance: str) -> Iterator[ipaddress.IPv4Network]:
    count = 1 << (PREFIX - home.prefixlen)
    first = int.from_bytes(hashlib.sha256(instance.encode()).digest()[:4], "big")
    size = 1 << (32 - PREFIX)
    for step in range(count):
        address = int(home.network_address) + (first + step) % count * size
        yield ipaddress.IPv4Network((address, PREFIX))


def resolvers(namespace: str = "") -> Iterator[str]:
    """The host's name servers: they may lie behind its default route, where no route names them.

    A named network namespace can have others, as ip-netns(8) has it.
    """
    own = _OF_NAMESPACES / namespace / _RESOLVERS.name
    try:
        lines = (own if namespace and own.exists() else _RESOLVERS).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                yield str(ipaddress.ip_address(words[1].partition("%")[0]))
            except ValueError:
                continue
