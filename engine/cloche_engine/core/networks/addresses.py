"""Which container has which address of the managed network, and what that asks of the host."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from cloche_engine.api.errors import EngineError
from cloche_engine.api.network_addresses import held, outside
from cloche_engine.core.networks.dnsmasq import Member
from cloche_engine.core.networks.firewall import Binding, Forward, Rules
from cloche_engine.core.networks.leases import Leases
from cloche_engine.core.networks.ports import NAME, PORTS_OF_A_BRIDGE, Pool, Port
from cloche_engine.core.places import Places
from cloche_engine.host.network.pool import free_pool, free_pool6, has_ipv6
from cloche_engine.sandbox.plan.links import LinkPlan

_MOST_KEPT = 1024
"""Lists of links whose rules are known at a time."""
_MOST_LINKS = 4
"""What one container has at most, as a rule."""
Members = Callable[[], Iterable[tuple[str, str, str]]]
"""Tells uuid, name and host name of everybody."""


class Addresses:
    """Those of one engine; `is_made` tells whether the host has the network now."""

    def __init__(self, places: Places, members: Members, is_made: Callable[[], bool]) -> None:
        self._instance = places.instance
        self._members = members
        self._is_made = is_made
        self._leases = Leases(places.directory / "network.json")
        self._macs: dict[str, str] = {}
        self._has_ipv6 = has_ipv6()
        self._rules_of: tuple[object, dict[tuple[LinkPlan, ...], Rules]] = (None, {})
        """What is known of links, and of which generation."""
        self.generation = 0
        """Another one as soon as any port is somebody else's, or another than before."""

    @property
    def network(self) -> ipaddress.IPv4Network | None:
        """The range that was chosen, if any was."""
        return self._leases.network

    def port(self, key: str, address: ipaddress.IPv4Interface | None, mac: str | None) -> Port:
        """The port that a container has, or has from now on; EngineError where none is to be had.

        With an address it is the one that has it.
        """
        pool = self.pool()
        number = self._leases.numbers.get(key)
        wanted = number if address is None else self._number_of(pool, address, key)
        if wanted is None:
            wanted = self._leases.free(pool.size)
        if wanted is None:
            raise EngineError(f"every address of the network {NAME} is taken", "delete containers")
        known = self._macs.get(key), number
        if mac is None:
            self._macs.pop(key, None)
        else:
            self._macs[key] = mac
        if number != wanted:
            self._leases.take(key, wanted)
        if known != (mac, wanted):
            self.generation += 1
        return pool.port(wanted)

    def of(self, uuid: str) -> tuple[str, ...]:
        """What a container has of it, also while it does not run."""
        if self._leases.network is None:
            return ()
        pool = self.pool()
        own = (key for key in self._leases.numbers if key.startswith(f"{uuid}/"))
        return tuple(str(pool.port(self._leases.numbers[key]).address) for key in sorted(own))

    def kept(self) -> tuple[tuple[str, str], ...]:
        """Every address that is kept for somebody, with whose uuid it is."""
        if self._leases.network is None:
            return ()
        pool, numbers = self.pool(), self._leases.numbers
        found = ((key.partition("/")[0], pool.port(at)) for key, at in numbers.items())
        return tuple(sorted((uuid, str(port.address.ip)) for uuid, port in found))

    def has(self, uuid: str) -> bool:
        """Whether a container has some."""
        return any(key.startswith(f"{uuid}/") for key in self._leases.numbers)

    def forget(self, uuid: str) -> None:
        """Free those of a container."""
        if self._leases.give_back(uuid):
            self.generation += 1

    def named(self) -> Iterator[Member]:
        """Each with the names of who has it; nobody has the first name of another."""
        pool = self.pool()
        names = {uuid: (name, host) for uuid, name, host in self._members()}
        held = [(key, pool.port(number)) for key, number in self._leases.numbers.items()]
        members = [
            Member(
                str(port.address.ip),
                self._macs.get(key, port.mac),
                names[uuid],
                str(port.address6.ip) if port.address6 else "",
            )
            for key, port in held
            if (uuid := key.partition("/")[0]) in names
        ]
        taken = {member.names[0] for member in members}
        return (replace(one, names=(one.names[0], *({one.names[1]} - taken))) for one in members)

    def rules_of(self, links: tuple[LinkPlan, ...]) -> Rules:
        """What has to be allowed for these links; those of others ask for nothing.

        Kept until an address changes: every start asks, and making them takes longer than a wake.
        Those of all who run are asked for at every end, and never twice for the same ones.
        """
        if len(links) > _MOST_LINKS:
            return self._made_rules(links)
        now = self._leases.network, self.generation
        if self._rules_of[0] != now or len(self._rules_of[1]) > _MOST_KEPT:
            self._rules_of = now, {}
        known = self._rules_of[1]
        if links not in known:
            known[links] = self._made_rules(links)
        return known[links]

    def _made_rules(self, links: tuple[LinkPlan, ...]) -> Rules:
        ours = [link for link in links if link.lasting]
        if not ours:
            return Rules()
        pool = self.pool()
        bridges: set[int] = set()
        bindings: set[Binding] = set()
        forwards: set[Forward] = set()
        for link in ours:
            number = pool.number_of(ipaddress.IPv4Interface(link.addresses[0]).ip)
            if number is None:
                continue  # of an older pool
            port = pool.port(number)
            address = str(port.address.ip)
            bridges.add(number // PORTS_OF_A_BRIDGE)
            address6 = str(port.address6.ip) if port.address6 and len(link.addresses) > 1 else ""
            forwards.update(Forward(ports, address, address6) for ports in link.forwards)
            if link.mac != port.mac:
                bindings.add(Binding(port.outer, link.mac, address, address6))
        return Rules(frozenset(bridges), frozenset(bindings), frozenset(forwards))

    def name_of(self, address: str) -> str:
        """Who has an address; the address where nobody has it."""
        number = self.pool().number_of(ipaddress.IPv4Address(address))
        key = self._leases.holder(number) if number is not None else None
        names = {uuid: name for uuid, name, _ in self._members()}
        return names.get((key or "").partition("/")[0], address)

    def recall(self, links: tuple[LinkPlan, ...]) -> None:
        """Remember what hardware addresses those have that run."""
        pool = self.pool()
        running = {link.outer: link.mac for link in links if link.lasting}
        for key, number in self._leases.numbers.items():
            port = pool.port(number)
            if running.get(port.outer, port.mac) != port.mac:
                self._macs[key] = running[port.outer]

    def pool(self) -> Pool:
        """All there are, chosen now where they were not; EngineError where none are free."""
        network = self._leases.network
        if network is None:
            with told_in_words():
                network = free_pool(self._instance)
            if network is None:
                raise EngineError(
                    f"the network {NAME} finds no free range of addresses on this host",
                    "use type 'bridge' with a bridge of the host",
                )
            self._leases.settle(network)
        return Pool.of(network, self._instance, self._network6())

    def _network6(self) -> ipaddress.IPv6Network | None:
        """Chosen where nothing is made yet: what runs shall not miss it halfway."""
        if self._has_ipv6 and self._leases.network6 is None and not self._is_made():
            with told_in_words():
                found = free_pool6()
            if found is not None:
                self._leases.settle6(found)
        return self._leases.network6 if self._has_ipv6 else None

    def _number_of(self, pool: Pool, address: ipaddress.IPv4Interface, key: str) -> int:
        number = pool.number_of(address.ip)
        if number is None or pool.port(number).address != address:
            first, last = pool.port(0).address, pool.port(PORTS_OF_A_BRIDGE - 1).address
            raise EngineError(*outside(str(address), NAME, str(first), str(last)))
        if self._leases.holder(number) not in {None, key}:
            raise EngineError(*held(str(address.ip)))
        return number


@contextlib.contextmanager
def told_in_words() -> Iterator[None]:
    """EngineError in place of the kernel's."""
    try:
        yield
    except OSError as error:
        about = f" ({error.filename})" if error.filename else ""
        raise EngineError(
            f"the network {NAME} could not be made: {error.strerror}{about}",
            "free some space in /run and where the engine keeps its state"
            if error.errno in {errno.ENOSPC, errno.EDQUOT}
            else "see that the kernel has bridges (modprobe bridge), or use another type",
        ) from error
