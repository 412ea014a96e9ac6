"""The rules of the managed network as nft's JSON (libnftables-json(5)): two tables of our own.

Names of links and addresses are all that stands in them; no text of a user's gets here.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cloche_engine.core.networks.ports import PORTS_OF_A_BRIDGE, Pool
from cloche_engine.sandbox.plan.links import PRIVATE, ForwardPlan

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Binding:
    """A port with a hardware address of the user's choice."""

    outer: str
    mac: str
    address: str
    address6: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """Ports of the host that lead to those of a container; address6 is empty without IPv6."""

    ports: ForwardPlan
    address: str
    address6: str = ""

    def __str__(self) -> str:
        ports = self.ports
        host = f"[{ports.host}]:" if ":" in ports.host else f"{ports.host}:" if ports.host else ""
        many = f"-{ports.end}" if ports.end != ports.start else ""
        return f"{ports.proto} {host}{ports.start}{many} to {ports.to}"

    def takes_from(self, other: Forward) -> bool:
        """Whether it wants a port that leads to another container already."""
        one, two = self.ports, other.ports
        return (
            self.address != other.address
            and one.proto == two.proto
            and (one.host == two.host or not one.host or not two.host)
            and one.start <= two.end
            and two.start <= one.end
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What the tables are to say: `bridges` are numbers of those in use."""

    bridges: frozenset[int] = frozenset()
    bindings: frozenset[Binding] = frozenset()
    forwards: frozenset[Forward] = frozenset()

    def cover(self, other: Rules) -> bool:
        """Whether all of another's is in here."""
        return (
            self.bridges >= other.bridges
            and self.bindings >= other.bindings
            and self.forwards >= other.forwards
        )

    def __or__(self, other: Rules) -> Rules:
        return Rules(
            self.bridges | other.bridges,
            self.bindings | other.bindings,
            self.forwards | other.forwards,
        )


def table(pool: Pool) -> str:
    """The name of both tables."""
    return f"cloche_{pool.word}"


def all_commands(pool: Pool, rules: Rules) -> list[Json]:
    """Both tables anew."""
    return [*_spoofing(pool, rules), *routing_commands(pool, rules)]


def removal(pool: Pool) -> list[Json]:
    """Both tables away, also where there are none."""
    return [*_without("inet", pool), *_without("bridge", pool)]


def routing_commands(pool: Pool, rules: Rules) -> list[Json]:
    """The table of what is routed and translated anew, and the bindings: all that changes often."""
    make = _Table("inet", table(pool))
    spoofing = _Table("bridge", table(pool))
    senders = [(one.outer, one.mac, one.address, one.address6) for one in _sorted(rules.bindings)]
    return [
        *_without("inet", pool),
        make.itself(),
        make.base("loopback", "filter", "prerouting", -300),
        make.rule("loopback", _from(pool.bridge_pattern), _is("ip", "daddr", _LOOPBACK), _DROP),
        *_routed(make, pool),
        *_leaving(make, pool),
        make.base("arriving", "nat", "prerouting", -100),
        make.base("own", "nat", "output", -100),
        *(
            make.rule(chain, *rule)
            for each in _sorted(rules.forwards)
            for rule in _forward(each)
            for chain in ("arriving", "own")
        ),
        *({"flush": {"set": spoofing.named(name)}} for name in _sets("chosen")),
        *_known(spoofing, "chosen", senders),
    ]


def _routed(make: _Table, pool: Pool) -> Iterator[Json]:
    """Who is let through: nobody uncalled, and to or from private bridges nobody at all."""
    ours, from_ours = _into(pool.bridge_pattern), _from(pool.bridge_pattern)
    yield make.base("routed", "filter", "forward", 0)
    yield make.rule("routed", _from(f"{PRIVATE}*"), _DROP)
    yield make.rule("routed", _into(f"{PRIVATE}*"), _DROP)
    yield make.rule("routed", ours, from_ours, _ACCEPT)
    yield make.rule("routed", ours, _state("established", "related"), _ACCEPT)
    yield make.rule("routed", ours, _TRANSLATED, _ACCEPT)
    yield make.rule("routed", ours, _DROP)


def _leaving(make: _Table, pool: Pool) -> Iterator[Json]:
    """Under which address packets go out, and those that come back to us by a host's port."""
    ours = _into(pool.bridge_pattern)
    yield make.base("leaving", "nat", "postrouting", 100)
    for family, network in (("ip", pool.network), ("ip6", pool.network6)):
        if network is None:
            continue
        inside = _is(family, "saddr", _prefix(network))
        outside = _not(family, "daddr", _prefix(network))
        yield make.rule("leaving", inside, outside, _MASQUERADE)
        yield make.rule("leaving", inside, ours, _TRANSLATED, _MASQUERADE)
    yield make.rule("leaving", _is("ip", "saddr", _LOOPBACK), ours, _MASQUERADE)


def _spoofing(pool: Pool, rules: Rules) -> list[Json]:
    """Who sends under an address that is not its port's is not heard."""
    make = _Table("bridge", table(pool))
    ports = [
        pool.port(number)
        for bridge in sorted(rules.bridges)
        for number in range(bridge * PORTS_OF_A_BRIDGE, (bridge + 1) * PORTS_OF_A_BRIDGE)
    ]
    senders = [
        (port.outer, port.mac, str(port.address.ip), str(port.address6.ip if port.address6 else ""))
        for port in ports
    ]
    not_ours = {"match": {"op": "!=", "left": _meta("iifname"), "right": pool.port_pattern}}
    return [
        *_without("bridge", pool),
        make.itself(),
        *(
            make.set(name, "ifname", "ether_addr", kind)
            for known in ("pairs", "chosen")
            for name, kind in _sets(known).items()
        ),
        *_known(make, "pairs", senders),
        make.base("honest", "filter", "prerouting", -300),
        make.rule("honest", not_ours, _ACCEPT),
        *(
            make.rule("honest", _sender_in(known, _payload(*field)), _ACCEPT)
            for known in ("pairs", "chosen")
            for field in (("ip", "saddr"), ("arp", "saddr ip"))
        ),
        make.rule("honest", _is("ip", "saddr", "0.0.0.0"), _is("udp", "dport", 67), _ACCEPT),  # noqa: S104 (who asks for an address has none)
        *(_neighbours(make, pool.network6) if pool.network6 else ()),
        make.rule("honest", _DROP),
    ]


def _sets(known: str) -> dict[str, str]:
    """What is known of senders: address, the same by IPv6, and the end of that as a number."""
    return {known: "ipv4_addr", f"{known}6": "ipv6_addr", f"{known}_ends": "mark"}


def _known(
    make: _Table, known: str, senders: Iterable[tuple[str, str, str, str]]
) -> Iterator[Json]:
    """The elements of those sets, for each port, hardware address, address and IPv6 address."""
    elements: dict[str, list[Json]] = {name: [] for name in _sets(known)}
    for port, mac, address, address6 in senders:
        elements[known].append({"concat": [port, mac, address]})
        if address6:
            elements[f"{known}6"].append({"concat": [port, mac, address6]})
            end = int(ipaddress.IPv6Address(address6)) & 0xFFFFFFFF
            # The kernel has a mark in the order of the processor, and some nft swap it, some not.
            ends = {end, socket.htonl(end)}
            elements[f"{known}_ends"] += [{"concat": [port, mac, each]} for each in ends]
    for name, found in elements.items():
        if found:
            yield make.elements(name, found)


def _neighbours(make: _Table, network: ipaddress.IPv6Network) -> Iterator[Json]:
    """IPv6: nobody is a router, or says to have what is not its own (RFC 4861, section 4).

    The address that a neighbour advertisement is about has no name in older nft, and as a bare
    number it is compared with numbers only: a prefix, zeros, and the end by way of the mark.
    """
    kind = _payload("icmpv6", "type")
    for routing in ("nd-router-advert", "nd-redirect"):
        yield make.rule("honest", _equal(kind, routing), _DROP)
    told = _equal(kind, "nd-neighbor-advert")
    prefix = int(network.network_address) >> 80
    yield make.rule("honest", told, _unequal(_told(0, 48), prefix), _DROP)
    yield make.rule("honest", told, _unequal(_told(64, 32), 0), _DROP)
    yield make.rule("honest", told, _mark(_told(96, 32)))
    ends = (_sender_not_in(f"{known}_ends", _meta("mark")) for known in ("pairs", "chosen"))
    yield make.rule("honest", told, *ends, _DROP)
    yield make.rule("honest", told, _mark(0))
    for known in ("pairs6", "chosen6"):
        yield make.rule("honest", _sender_in(known, _payload("ip6", "saddr")), _ACCEPT)
    # Who looks whether its address is free has none yet.
    asked = _equal(kind, "nd-neighbor-solicit")
    yield make.rule("honest", _is("ip6", "saddr", "::"), asked, _ACCEPT)


def _without(family: str, pool: Pool) -> list[Json]:
    name = {"table": {"family": family, "name": table(pool)}}
    return [{"add": name}, {"delete": name}]


@dataclass(frozen=True, slots=True)
class _Table:
    family: str
    name: str

    def itself(self) -> Json:
        return {"add": {"table": {"family": self.family, "name": self.name}}}

    def named(self, name: str) -> Json:
        return {"family": self.family, "table": self.name, "name": name}

    def base(self, name: str, kind: str, hook: str, priority: int) -> Json:
        hooked = {"type": kind, "hook": hook, "prio": priority, "policy": "accept"}
        return {"add": {"chain": self.named(name) | hooked}}

    def rule(self, chain: str, *parts: Json) -> Json:
        place = {"family": self.family, "table": self.name, "chain": chain}
        return {"add": {"rule": place | {"expr": list(parts)}}}

    def set(self, name: str, *types: str) -> Json:
        return {"add": {"set": self.named(name) | {"type": list(types)}}}

    def elements(self, name: str, elements: list[Json]) -> Json:
        return {"add": {"element": self.named(name) | {"elem": elements}}}


_ACCEPT: Json = {"accept": None}
_DROP: Json = {"drop": None}
_MASQUERADE: Json = {"masquerade": None}
_IPV4: Json = {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}}
_LOOPBACK: Json = {"prefix": {"addr": "127.0.0.0", "len": 8}}
_TRANSLATED: Json = {
    "match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"},
}


def _sorted(things: frozenset[Any]) -> list[Any]:
    return sorted(things, key=repr)


def _meta(key: str) -> Json:
    return {"meta": {"key": key}}


def _payload(protocol: str, field: str) -> Json:
    return {"payload": {"protocol": protocol, "field": field}}


def _from(links: str) -> Json:
    return _equal(_meta("iifname"), links)


def _into(links: str) -> Json:
    return _equal(_meta("oifname"), links)


def _equal(left: Json, right: object) -> Json:
    return {"match": {"op": "==", "left": left, "right": right}}


def _unequal(left: Json, right: object) -> Json:
    return {"match": {"op": "!=", "left": left, "right": right}}


def _is(protocol: str, field: str, value: object) -> Json:
    return _equal(_payload(protocol, field), value)


def _not(protocol: str, field: str, value: object) -> Json:
    return _unequal(_payload(protocol, field), value)


def _state(*states: str) -> Json:
    return {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": list(states)}}


def _told(offset: int, bits: int) -> Json:
    """Bits of the address that a neighbour advertisement is about."""
    return {"payload": {"base": "th", "offset": 64 + offset, "len": bits}}


def _mark(value: object) -> Json:
    return {"mangle": {"key": _meta("mark"), "value": value}}


def _sender_in(known: str, address: Json) -> Json:
    return _equal(_sender(address), f"@{known}")


def _sender_not_in(known: str, address: Json) -> Json:
    return _unequal(_sender(address), f"@{known}")


def _sender(address: Json) -> Json:
    return {"concat": [_meta("iifname"), _payload("ether", "saddr"), address]}


def _prefix(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Json:
    return {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}


def _forward(each: Forward) -> Iterator[list[Json]]:
    """By IPv4 and by IPv6, where the container has such an address and the host's is of it."""
    host = each.ports.host
    if ":" not in host:
        yield from _forward_to(each.ports, "ip", each.address)
    if each.address6 and (not host or ":" in host):
        yield from _forward_to(each.ports, "ip6", each.address6)


def _forward_to(ports: ForwardPlan, family: str, address: str) -> Iterator[list[Json]]:
    local = _equal({"fib": {"result": "type", "flags": ["daddr"]}}, "local")
    # Nothing sent from ::1 gets onto a link: refused there, a client asks at 127.0.0.1.
    anywhere = [_not("ip6", "daddr", "::1") if family == "ip6" else _IPV4, local]
    there = [_is(family, "daddr", ports.host)] if ports.host else anywhere
    to = {"family": family, "addr": address}
    if ports.to == ports.start:
        span = {"range": [ports.start, ports.end]}
        yield [*there, _is(ports.proto, "dport", span), {"dnat": to}]
        return
    for port in range(ports.start, ports.end + 1):
        moved = {"dnat": to | {"port": port - ports.start + ports.to}}
        yield [*there, _is(ports.proto, "dport", port), moved]
