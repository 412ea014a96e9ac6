"""The network interfaces of a plan."""

from __future__ import annotations

import hashlib
import ipaddress

from cloche_engine.core.compiling.refusal import place, refusal
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind
from cloche_engine.sandbox.plan.links import LinkPlan, RoutePlan


def compile_links(spec: ContainerSpec, uuid: str, instance: str) -> tuple[LinkPlan, ...]:
    """One for each interface; none for an isolated container."""
    if spec.network_isolated is False and not spec.interfaces:
        raise refusal(
            "sharing the host's network does not work yet",
            "remove <privnet state='off'/>, or give the container an <interface>",
        )
    interfaces = [each for each in spec.interfaces if each.kind is not InterfaceKind.NONE]
    if len(interfaces) > 1:
        raise refusal(
            "one network interface is all that works yet",
            "keep one interface of type 'bridge' or the <network> element alone",
            interfaces[1].location,
        )
    return tuple(_link(each, uuid, instance) for each in interfaces)


def _link(interface: Interface, uuid: str, instance: str) -> LinkPlan:
    if refused := _unsupported(interface):
        raise refusal(*refused, interface.location)
    return _link_of(interface, uuid, instance)


def _unsupported(interface: Interface) -> tuple[str, str] | None:
    """Why this interface cannot be made yet, and what to do about it."""
    if interface.kind not in {InterfaceKind.NAT, InterfaceKind.BRIDGE}:
        return (
            f"a network interface of kind '{interface.kind}' does not work yet",
            "use type 'bridge' with a bridge of the host, or addresses in <network> alone",
        )
    if interface.kind is InterfaceKind.NAT and not interface.addresses:
        return "an interface on a private bridge needs an address", "add an <ip> to it"
    if not interface.up:
        return "an interface that is down at the start does not work yet", "remove its <link>"
    if interface.host_name is not None:
        return "the host's end of an interface cannot be named yet", "remove its <target>"
    return None


def _link_of(interface: Interface, uuid: str, instance: str) -> LinkPlan:
    line, column = place(interface.location)
    carried = _gateway_addresses(interface)
    bridge = interface.source if interface.kind is InterfaceKind.BRIDGE else None
    return LinkPlan(
        outer="clv" + _digest(instance, uuid, 11),
        inner=interface.name or "eth0",
        bridge=bridge or "clb" + _digest(instance, " ".join(carried or interface.addresses), 11),
        private=bridge is None,
        gateway_addresses=carried,
        addresses=interface.addresses,
        routes=_routes(interface),
        mac=interface.mac or "",
        line=line,
        column=column,
    )


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
