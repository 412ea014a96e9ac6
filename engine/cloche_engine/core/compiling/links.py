"""The network interfaces of a plan."""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from cloche_engine.api.errors import EngineError
from cloche_engine.core.compiling.refusal import place, refusal
from cloche_engine.core.networks.ports import NAME, Port
from cloche_engine.definition.names import short
from cloche_engine.definition.spec import (
    EVERYWHERE,
    ContainerSpec,
    Interface,
    InterfaceKind,
    PortForward,
)
from cloche_engine.host.network.pool import resolvers
from cloche_engine.sandbox.plan.links import (
    OUR_PREFIXES,
    PRIVATE,
    ForwardPlan,
    LinkKind,
    LinkPlan,
    RoutePlan,
)


def _refuse_beside_host(spec: ContainerSpec) -> None:
    for each in spec.interfaces:
        if each.kind is not InterfaceKind.HOST:
            raise refusal(
                "beside the host's own network a container has no interfaces",
                "remove this one, or the one of type 'host'",
                each.location,
            )
        if replace(each, location=None) != Interface(InterfaceKind.HOST):
            raise refusal(
                "the host's own network has its names, addresses and routes already",
                "leave nothing in the <interface> of type 'host'",
                each.location,
            )


class Ports(Protocol):
    """Who gives ports of the managed network: core.networks.network."""

    def port(self, key: str, address: ipaddress.IPv4Interface | None, mac: str | None) -> Port:
        """The port of a container's interface; EngineError."""
        ...


def compile_links(
    spec: ContainerSpec, uuid: str, instance: str, ports: Ports
) -> tuple[LinkPlan, ...]:
    """One for each interface; none for an isolated container."""
    if spec.shared_network:
        return ()
    if spec.shares_host_network:
        _refuse_beside_host(spec)
        return ()
    interfaces = [each for each in spec.interfaces if each.kind is not InterfaceKind.NONE]
    inner = _names_inside(interfaces)
    links = [
        _link(interface, name, "clv" + _digest(instance, _nth(uuid, at), 11), instance)
        for at, (interface, name) in enumerate(zip(interfaces, inner, strict=True))
    ]
    ways = {4: any(one.gateway for one in interfaces), 6: any(one.gateway6 for one in interfaces)}
    for at, interface in enumerate(interfaces):
        if interface.is_managed:
            links[at] = _managed(links[at], interface, _port(ports, f"{uuid}/{at}", interface))
            links[at] = _with_ways_out(links[at], ways)
    return tuple(links)


def merged(running: tuple[LinkPlan, ...], wanted: tuple[LinkPlan, ...]) -> tuple[LinkPlan, ...]:
    """The links of a running container with what others say that can be changed while it runs."""
    if [(link.kind, link.inner) for link in running] != [(one.kind, one.inner) for one in wanted]:
        return running  # it was started with others, and these come at the next start
    return tuple(_changed(*pair) for pair in zip(running, wanted, strict=True))


def _changed(running: LinkPlan, wanted: LinkPlan) -> LinkPlan:
    if (running.private, running.lasting) != (wanted.private, wanted.lasting):
        return running
    if running.lasting:
        return replace(running, routes=wanted.routes, up=wanted.up, forwards=wanted.forwards)
    given = replace(running, addresses=wanted.addresses, routes=wanted.routes, up=wanted.up)
    if not running.private:
        return given
    return replace(given, bridge=wanted.bridge, gateway_addresses=wanted.gateway_addresses)


def compile_nameservers(spec: ContainerSpec, links: tuple[LinkPlan, ...]) -> tuple[str, ...]:
    """Those of the definition, otherwise the managed network's own, or the host's where shared."""
    shared = spec.shared_network
    if shared and shared.how == "name":  # that container's, which runs by then
        return spec.nameservers
    if shared or spec.shares_host_network:
        return spec.nameservers or tuple(resolvers(shared.value if shared else ""))
    carried = (link.gateway_addresses[0].partition("/")[0] for link in links if link.lasting)
    return spec.nameservers or tuple(itertools.islice(carried, 1))


def _port(ports: Ports, key: str, interface: Interface) -> Port:
    if len(interface.addresses) > 1 or any(":" in text for text in interface.addresses):
        raise refusal(
            f"of an interface of the network {NAME} one IPv4 address can be chosen",
            "leave out its <ip> elements: it gets addresses that it keeps",
            interface.location,
        )
    address = next((ipaddress.IPv4Interface(text) for text in interface.addresses), None)
    try:
        return ports.port(key, address, interface.mac.lower() if interface.mac else None)
    except EngineError as error:
        raise refusal(error.message, error.hint, interface.location) from error


def _managed(plain: LinkPlan, interface: Interface, port: Port) -> LinkPlan:
    gateways = [text.partition("/")[0] for text in port.bridge.gateways]
    if not {interface.gateway, interface.gateway6} <= {None, *gateways}:
        raise refusal(
            f"the gateway of the network is {' and '.join(gateways)}",
            "remove <gateway>",
            interface.location,
        )
    if not port.address6 and any(":" in (each.address or "") for each in interface.forwards):
        raise refusal(
            "this host has no IPv6, so none of its IPv6 addresses can be forwarded",
            "give an IPv4 address in <portForward>, or none",
            interface.location,
        )
    return replace(
        plain,
        outer=port.outer,
        bridge=port.bridge.name,
        private=True,
        lasting=True,
        gateway_addresses=port.bridge.gateways,
        addresses=port.addresses,
        mac=plain.mac.lower() or port.mac,
        forwards=tuple(_forward(each) for each in interface.forwards),
    )


def _forward(each: PortForward) -> ForwardPlan:
    return ForwardPlan(each.proto, each.address or "", each.start, each.end, each.to)


def _with_ways_out(link: LinkPlan, ways: dict[int, bool]) -> LinkPlan:
    """Lead everywhere by those families that have no way yet."""
    gateways = [ipaddress.ip_interface(text).ip for text in link.gateway_addresses]
    missing = [gateway for gateway in gateways if not ways[gateway.version]]
    ways.update((gateway.version, True) for gateway in missing)
    routes = (RoutePlan(EVERYWHERE[gateway.version], str(gateway)) for gateway in missing)
    return replace(link, routes=(*link.routes, *routes))


def _nth(uuid: str, at: int) -> str:
    return f"{uuid}/{at}" if at else uuid


def _names_inside(interfaces: list[Interface]) -> list[str]:
    """The name of each: its own, otherwise the first of eth0, eth1, ... that no other has."""
    taken = {each.name for each in interfaces}
    free = (name for at in itertools.count() if (name := f"eth{at}") not in taken)
    return [each.name or next(free) for each in interfaces]


def _link(interface: Interface, inner: str, outer: str, instance: str) -> LinkPlan:
    if refused := _unsupported(interface):
        said, hint = refused
        raise refusal(said.format(short(interface.source or "")), hint, interface.location)
    line, column = place(interface.location)
    plain = LinkPlan(
        outer=outer,
        inner=inner,
        bridge="",
        private=False,
        addresses=interface.addresses,
        routes=_routes(interface),
        mac=interface.mac or "",
        line=line,
        column=column,
        up=interface.up,
        host_name=interface.host_name or "",
    )
    match interface.kind:
        case InterfaceKind.NAT if interface.addresses:
            return _private(plain, interface, instance)
        case InterfaceKind.BRIDGE:
            return replace(plain, bridge=interface.source or "")
        case InterfaceKind.MACVLAN:
            parent, mode = interface.source or "", interface.mode or ""
            return replace(plain, kind=LinkKind.MACVLAN, parent=parent, mode=mode)
        case InterfaceKind.PHYSICAL:
            return replace(plain, kind=LinkKind.PHYSICAL, parent=interface.source or "")
        case _:
            return plain


def _private(plain: LinkPlan, interface: Interface, instance: str) -> LinkPlan:
    carried = _gateway_addresses(interface)
    name = PRIVATE + _digest(instance, " ".join(carried or interface.addresses), 10)
    return replace(plain, bridge=name, private=True, gateway_addresses=carried)


_WITHOUT_OUTER_END = {InterfaceKind.MACVLAN, InterfaceKind.PHYSICAL}
_REFUSALS: tuple[tuple[Callable[[Interface], bool], str, str], ...] = (
    (
        lambda one: one.kind is InterfaceKind.NETWORK and one.source != NAME,
        f"there is no network '{{}}': the one that there is has the name '{NAME}'",
        f"write <source network='{NAME}'/>, or use type 'bridge' with a bridge of the host",
    ),
    (
        lambda one: one.name == "lo",
        "lo is the loopback link that each container has already",
        "choose another name in <guest>",
    ),
    (
        lambda one: one.kind is InterfaceKind.PHYSICAL and one.mac is not None,
        "a link of the host keeps its hardware address",
        "remove <mac>",
    ),
    (
        lambda one: one.kind in _WITHOUT_OUTER_END and one.host_name is not None,
        "an interface of that type has no end on the host that could be named",
        "remove <target>",
    ),
    (
        lambda one: (one.host_name or "").startswith(OUR_PREFIXES),
        "names that begin with clv, clb or clm are those that Cloche gives itself",
        "choose another name in <target>",
    ),
)


def _unsupported(interface: Interface) -> tuple[str, str] | None:
    """Why this interface cannot be made, and what to do about it."""
    return next(((said, hint) for holds, said, hint in _REFUSALS if holds(interface)), None)


def _digest(instance: str, subject: str, length: int) -> str:
    # A link's name holds 15 bytes, so it is named by a digest of what it belongs to.
    return hashlib.sha256(f"{instance}\0{subject}".encode()).hexdigest()[:length]


def _gateway_addresses(interface: Interface) -> tuple[str, ...]:
    """What a private bridge carries: each gateway, with the prefix of the network it lies in."""
    gateways = [
        ipaddress.ip_address(text) for text in (interface.gateway, interface.gateway6) if text
    ]
    networks = [ipaddress.ip_interface(text).network for text in interface.addresses]
    return tuple(
        f"{gateway}/{next((n.prefixlen for n in networks if gateway in n), 64)}"
        for gateway in gateways
    )


def _routes(interface: Interface) -> tuple[RoutePlan, ...]:
    defaults = [RoutePlan(route.to, route.via) for route in interface.default_routes]
    further = [RoutePlan(route.to, route.via, route.metric) for route in interface.routes]
    return (*further, *defaults)
