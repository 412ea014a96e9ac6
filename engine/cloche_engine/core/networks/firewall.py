"""The rules of the managed network as nft's JSON (libnftables-json(5)): two tables of our own.

Names of links and addresses are all that stands in them; no text of a user's gets here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cloche_engine.core.networks.ports import PORTS_OF_A_BRIDGE, Pool
from cloche_engine.sandbox.plan.links import ForwardPlan

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Binding:
    """A port with a hardware address of the user's choice."""

    outer: str
    mac: str
    address: str


@dataclass(frozen=True, slots=True)
class Forward:
    """Ports of the host that lead to those of a container."""

    ports: ForwardPlan
    address: str

    def __str__(self) -> str:
        ports = self.ports
        host = f"{ports.host}:" if ports.host else ""
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
    return [*_without("ip", pool), *_without("bridge", pool)]


def routing_commands(pool: Pool, rules: Rules) -> list[Json]:
    """The table of what is routed and translated anew, and the bindings: all that changes often."""
    make = _Table("ip", table(pool))
    ours = _into(pool.bridge_pattern)
    from_ours = {"match": {"op": "==", "left": _meta("iifname"), "right": pool.bridge_pattern}}
    inside = _prefix(pool)
    chosen = [{"concat": [each.outer, each.mac, each.address]} for each in _sorted(rules.bindings)]
    spoofing = _Table("bridge", table(pool))
    return [
        *_without("ip", pool),
        make.itself(),
        make.base("loopback", "filter", "prerouting", -300),
        make.rule("loopback", from_ours, _is("ip", "daddr", _LOOPBACK), _DROP),
        make.base("routed", "filter", "forward", 0),
        make.rule("routed", ours, from_ours, _ACCEPT),
        make.rule("routed", from_ours, _into("clb*"), _DROP),
        make.rule("routed", ours, _state("established", "related"), _ACCEPT),
        make.rule("routed", ours, _TRANSLATED, _ACCEPT),
        make.rule("routed", ours, _DROP),
        make.base("leaving", "nat", "postrouting", 100),
        make.rule("leaving", _is("ip", "saddr", inside), _not("ip", "daddr", inside), _MASQUERADE),
        make.rule("leaving", _is("ip", "saddr", inside), ours, _TRANSLATED, _MASQUERADE),
        make.rule("leaving", _is("ip", "saddr", _LOOPBACK), ours, _MASQUERADE),
        make.base("arriving", "nat", "prerouting", -100),
        make.base("own", "nat", "output", -100),
        *(
            make.rule(chain, *rule)
            for each in _sorted(rules.forwards)
            for rule in _forward(each)
            for chain in ("arriving", "own")
        ),
        {"flush": {"set": spoofing.named("chosen")}},
        *([spoofing.elements("chosen", chosen)] if chosen else []),
    ]


def _spoofing(pool: Pool, rules: Rules) -> list[Json]:
    """Who sends under an address that is not its port's is not heard."""
    make = _Table("bridge", table(pool))
    pairs = [
        {"concat": [port.outer, port.mac, str(port.address.ip)]}
        for bridge in sorted(rules.bridges)
        for port in map(
            pool.port, range(bridge * PORTS_OF_A_BRIDGE, (bridge + 1) * PORTS_OF_A_BRIDGE)
        )
    ]
    not_ours = {"match": {"op": "!=", "left": _meta("iifname"), "right": pool.port_pattern}}
    return [
        *_without("bridge", pool),
        make.itself(),
        *(make.set(name, "ifname", "ether_addr", "ipv4_addr") for name in ("pairs", "chosen")),
        *([make.elements("pairs", pairs)] if pairs else []),
        make.base("honest", "filter", "prerouting", -300),
        make.rule("honest", not_ours, _ACCEPT),
        *(
            make.rule("honest", _sender_in(known, *field), _ACCEPT)
            for known in ("pairs", "chosen")
            for field in (("ip", "saddr"), ("arp", "saddr ip"))
        ),
        make.rule("honest", _is("ip", "saddr", "0.0.0.0"), _is("udp", "dport", 67), _ACCEPT),  # noqa: S104 (who asks for an address has none)
        make.rule("honest", _DROP),
    ]


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
_LOOPBACK: Json = {"prefix": {"addr": "127.0.0.0", "len": 8}}
_TRANSLATED: Json = {
    "match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"},
}


def _sorted(things: frozenset[Any]) -> list[Any]:
    return sorted(things, key=repr)


def _meta(key: str) -> Json:
    return {"meta": {"key": key}}


def _into(links: str) -> Json:
    return {"match": {"op": "==", "left": _meta("oifname"), "right": links}}


def _payload(protocol: str, field: str) -> Json:
    return {"payload": {"protocol": protocol, "field": field}}


def _is(protocol: str, field: str, value: object) -> Json:
    return {"match": {"op": "==", "left": _payload(protocol, field), "right": value}}


def _not(protocol: str, field: str, value: object) -> Json:
    return {"match": {"op": "!=", "left": _payload(protocol, field), "right": value}}


def _state(*states: str) -> Json:
    return {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": list(states)}}


def _sender_in(known: str, protocol: str, field: str) -> Json:
    sender = [_meta("iifname"), _payload("ether", "saddr"), _payload(protocol, field)]
    return {"match": {"op": "==", "left": {"concat": sender}, "right": f"@{known}"}}


def _prefix(pool: Pool) -> Json:
    network = pool.network
    return {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}


def _forward(each: Forward) -> Iterator[list[Json]]:
    local = {"fib": {"result": "type", "flags": ["daddr"]}}
    to_us: Json = {"match": {"op": "==", "left": local, "right": "local"}}
    ports = each.ports
    there = _is("ip", "daddr", ports.host) if ports.host else to_us
    if ports.to == ports.start:
        span = {"range": [ports.start, ports.end]}
        yield [there, _is(ports.proto, "dport", span), {"dnat": {"addr": each.address}}]
        return
    for port in range(ports.start, ports.end + 1):
        to = {"dnat": {"addr": each.address, "port": port - ports.start + ports.to}}
        yield [there, _is(ports.proto, "dport", port), to]
