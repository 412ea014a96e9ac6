"""The managed network: made at the first start that wants it, gone when the helper leaves nobody.

A start finds its port's address and rules there already; only what changes is told to anyone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable, Iterator

from cloche_engine.api.errors import EngineError
from cloche_engine.api.networks import Network
from cloche_engine.core.networks import firewall, nft
from cloche_engine.core.networks.addresses import Addresses, Members, told_in_words
from cloche_engine.core.networks.dnsmasq import Dnsmasq, needed
from cloche_engine.core.networks.firewall import Forward, Rules
from cloche_engine.core.networks.ports import NAME, Port
from cloche_engine.core.networks.watching import RouteWatch, RuleWatch
from cloche_engine.core.places import Places
from cloche_engine.host.network import forwarding
from cloche_engine.host.network.bridges import let_in_from_loopback, make_bridge, remove_bridges
from cloche_engine.host.network.links import changing_links
from cloche_engine.host.network.overlap import shadow
from cloche_engine.host.network.taken import first_taken
from cloche_engine.kernel.netlink import Netlink
from cloche_engine.sandbox.plan.links import LinkPlan

_log = logging.getLogger("cloched")


class ManagedNetwork:
    """The network `default`; `members` tells uuid, name and host name of everybody.

    `running` tells the links of all containers that run.
    """

    def __init__(
        self, places: Places, members: Members, running: Callable[[], tuple[LinkPlan, ...]]
    ) -> None:
        self._places = places
        self._running = running
        self._claimed: list[tuple[LinkPlan, ...]] = []
        self._mark = places.runtime / "network.json"
        self._addresses = Addresses(places, members, self._mark.exists)
        self._dnsmasq = Dnsmasq(places.instance, places.runtime / "dnsmasq.json", self._say)
        self._rules = Rules()
        self._turn = asyncio.Lock()
        self._rule_watch: RuleWatch | None = None
        self._route_watch: RouteWatch | None = None
        self._repairs: set[asyncio.Task[None]] = set()
        self.trouble: tuple[str, ...] = ()

    def view(self) -> Network:
        """What others see of it."""
        if self._addresses.network is None:
            return Network(NAME, trouble=self.trouble)
        links = self._running()
        rules = self._addresses.rules_of(links)
        inside = [
            (self._addresses.name_of(address), each.partition("/")[0])
            for link in links if link.lasting
            for address in [link.addresses[0].partition("/")[0]]
            for each in link.addresses
        ]  # fmt: skip
        return Network(
            NAME,
            str(self._addresses.network),
            tuple(self._names_of(self._rules)),
            tuple(sorted(inside)),
            tuple(
                sorted(
                    f"{each} of {self._addresses.name_of(each.address)}" for each in rules.forwards
                )
            ),
            self.trouble,
            str(self._addresses.pool().network6 or ""),
            self._addresses.pool().ranges,
            self._addresses.kept(),
        )

    @property
    def generation(self) -> int:
        """Another one as soon as any port is somebody else's, or another than before."""
        return self._addresses.generation

    def port(self, key: str, address: ipaddress.IPv4Interface | None, mac: str | None) -> Port:
        """The port that a container has, or has from now on; EngineError where none is to be had.

        With an address it is the one that has it.
        """
        with self._publishing():
            return self._addresses.port(key, address, mac)

    def addresses(self, uuid: str) -> tuple[str, ...]:
        """What a container has of it, also while it does not run."""
        return self._addresses.of(uuid)

    @contextlib.contextmanager
    def _publishing(self) -> Iterator[None]:
        before = self.generation
        yield
        if self.generation != before:
            self.publish()

    def publish(self) -> None:
        """Tell those who ask for names what there is now, where anybody does."""
        if self._rule_watch is not None:
            self._dnsmasq.publish(self._addresses.named())

    def rename(self, uuid: str) -> None:
        """Make the name of a container known that may have another one now."""
        if self._addresses.has(uuid):
            self.publish()

    def forget(self, uuid: str) -> None:
        """Free the addresses of a container that is no longer defined."""
        with self._publishing():
            self._addresses.forget(uuid)

    @property
    def is_up(self) -> bool:
        """Whether a container's start made it, or found it."""
        return self._rule_watch is not None

    def has_bridges(self, links: tuple[LinkPlan, ...]) -> bool:
        """Whether the bridges of these links are there, however else it stands."""
        return self._addresses.rules_of(links).bridges <= self._rules.bridges

    def wants(self, links: tuple[LinkPlan, ...]) -> bool:
        """Whether something has to be done before a container with these links can start."""
        rules = self._addresses.rules_of(links)
        if not rules.bridges:
            return False
        moved = self._route_watch is None or self._route_watch.has_changed()
        return moved or not self._rules.cover(rules)

    async def prepare(self, links: tuple[LinkPlan, ...]) -> None:
        """Have bridge, rules and names for them; EngineError where the host does not let us."""
        async with self._turn:
            with told_in_words():
                self._refuse_moved()
            wanted, held = self._addresses.rules_of(links), self._still_needed()
            self._refuse_taken(wanted.forwards, held.forwards)
            rules = held | wanted
            with told_in_words():
                if self._rule_watch is None:
                    self._begin()
                for number in sorted(rules.bridges - self._rules.bridges):
                    self._make_bridge(number)
                let_in_from_loopback(self._names_of(rules), on=_from_loopback(wanted))
            first = not self._rules.bridges
            await self._change(rules)
            if first and (forbidding := await nft.policies()):
                pattern = self._addresses.pool().bridge_pattern
                self._say(*(f"{each}; allow it for {pattern}" for each in forbidding))
            await self._dnsmasq.start(self._addresses.pool())

    @contextlib.contextmanager
    def claimed(self, links: tuple[LinkPlan, ...]) -> Iterator[None]:
        """Within, what `prepare` made for these links stays, though nobody runs with them yet."""
        self._claimed.append(links)
        try:
            yield
        finally:
            self._claimed.remove(links)

    async def settle(self) -> None:
        """After an end, or a start that failed: what nobody needs any more goes."""
        if not self._rules.bindings and not self._rules.forwards:
            return  # all the rest is for everybody
        async with self._turn:
            if self._rule_watch is None:
                return
            try:
                await self._change(self._still_needed())
            except EngineError as error:
                self._say(error.message)

    def _still_needed(self) -> Rules:
        """What there is of that which those need who run, or are about to."""
        needed = self._addresses.rules_of(self._running())
        for links in self._claimed:
            needed |= self._addresses.rules_of(links)
        return Rules(
            self._rules.bridges,
            self._rules.bindings & needed.bindings,
            self._rules.forwards & needed.forwards,
        )

    async def recover(self) -> None:
        """After a helper before us: go on for those that run, or take away what it left."""
        await asyncio.to_thread(forwarding.forget_dead)
        links = self._running()
        if not self._mark.exists() or self._addresses.network is None:
            return
        if self._addresses.rules_of(links).bridges:
            self._addresses.recall(links)
            try:
                await self.prepare(links)
            except EngineError as error:
                self._say(error.message)
        else:
            await self._remove()

    async def close(self) -> None:
        """Leave it to those that run; where none does, nothing of it stays."""
        async with self._turn:
            for repair in self._repairs:
                repair.cancel()
            watches, self._route_watch, self._rule_watch = self._watches(), None, None
            for watch in watches:
                watch.close()
            self._rules = Rules()
            if self._addresses.rules_of(self._running()).bridges:
                self._dnsmasq.leave()
            elif self._mark.exists():
                await self._remove()

    def _watches(self) -> list[RuleWatch | RouteWatch]:
        return [watch for watch in (self._rule_watch, self._route_watch) if watch is not None]

    def _begin(self) -> None:
        self._mark.write_text("{}")
        if switched := forwarding.switch_on(ipv6=self._addresses.pool().network6 is not None):
            _log.info("switched on for the network %s: %s", NAME, ", ".join(switched))
        self._rule_watch = RuleWatch(firewall.table(self._addresses.pool()), self._lost)
        self.publish()

    def _refuse_taken(self, forwards: frozenset[Forward], held: frozenset[Forward]) -> None:
        """Ports that lead to another container, or that a program of the host listens on."""
        for wanted in forwards - held:
            other = next((one for one in held if wanted.takes_from(one)), None)
            ports = wanted.ports
            if other is not None:
                raise EngineError(
                    f"the {ports.proto} port {ports.start} of this host leads to "
                    f"{self._addresses.name_of(other.address)} already",
                    "choose another port in <portForward>, or stop that container",
                )
            if (port := needed(ports, self._addresses.pool())) is not None:
                raise EngineError(
                    f"the network {NAME} itself needs the {ports.proto} port {port} of this "
                    "host: its dnsmasq answers there",
                    f"leave {port} out of <portForward>, or choose another port",
                )
            if (port := first_taken(ports)) is not None:
                raise EngineError(
                    f"a program of this host uses the {ports.proto} port {port}",
                    "choose another port in <portForward>, or end that program",
                )

    def _names_of(self, rules: Rules) -> list[str]:
        bridges = self._addresses.pool().bridges
        return [bridges[number].name for number in sorted(rules.bridges)]

    def _refuse_moved(self) -> None:
        """Look whether the host has taken our range meanwhile, where it has changed at all."""
        if self._route_watch is None:
            self._route_watch = RouteWatch()
        self._route_watch.has_changed()
        pool = self._addresses.pool()
        own = {bridge.name for bridge in pool.bridges}
        with Netlink() as netlink:
            ranges = [each for each in (pool.network, pool.network6) if each is not None]
            found = next(filter(None, (shadow(netlink, each, own) for each in ranges)), "")
        if found:
            raise EngineError(
                f"this host has {found} now, where the network {NAME} has "
                + " and ".join(map(str, ranges)),
                f"take it away there; or stop all containers of the network and remove "
                f"{self._places.directory / 'network.json'}, then another range is chosen",
            )

    def _make_bridge(self, number: int) -> None:
        bridge = self._addresses.pool().bridges[number]
        with changing_links(self._places.runtime):
            make_bridge(bridge.name, bridge.gateways)

    async def _change(self, rules: Rules) -> None:
        if rules == self._rules:
            return
        pool = self._addresses.pool()
        few = rules.bridges == self._rules.bridges
        commands = (firewall.routing_commands if few else firewall.all_commands)(pool, rules)
        await self._told(commands)
        self._rules = rules

    async def _told(self, commands: list[firewall.Json]) -> None:
        if self._rule_watch is None:
            await nft.change(commands)
        else:
            await self._rule_watch.while_changing(nft.change(commands))

    def _lost(self) -> None:
        repair = asyncio.ensure_future(self._repair())
        self._repairs.add(repair)
        repair.add_done_callback(self._repairs.discard)

    async def _repair(self) -> None:
        """Somebody took rules of ours away, as a reload of a firewall does: they come back."""
        async with self._turn:
            if self._rule_watch is None:
                return
            try:
                await self._told(firewall.all_commands(self._addresses.pool(), self._rules))
            except EngineError as error:
                self._say(error.message)
            else:
                _log.info("the rules of the network %s were taken away and are back", NAME)

    async def _remove(self) -> None:
        pool = self._addresses.pool()
        self._dnsmasq.stop()
        with changing_links(self._places.runtime):
            remove_bridges([bridge.name for bridge in pool.bridges])
        with contextlib.suppress(EngineError):  # without nft there were no rules
            await nft.change(firewall.removal(pool))
        if not forwarding.switch_back():
            _log.info("this host goes on routing: it has other bridges")
        self._mark.unlink(missing_ok=True)

    def _say(self, *trouble: str) -> None:
        self.trouble = trouble
        for each in trouble:
            _log.warning("network %s: %s", NAME, each)


def _from_loopback(rules: Rules) -> bool:
    """Whether programs of the host itself may ask for a forwarded port at 127.0.0.1."""
    hosts = (forward.ports.host for forward in rules.forwards)
    return any(not host or host.startswith("127.") for host in hosts)
