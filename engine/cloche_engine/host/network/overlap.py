"""Whether the host has a network already that one of ours would be in the way of."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.kernel.netlink import Interface, Netlink, Network
from cloche_engine.sandbox.plan.links import LinkPlan

_HALF = 2
"""Prefixes up to this length stand for everything: two halves are how some VPNs say default."""


def refuse_overlap(netlink: Netlink, plan: LinkPlan) -> None:
    """NetworkRefusedError where the host has an address or route of a private network."""
    taken = list(taken_networks(netlink))
    for text in plan.gateway_addresses or plan.addresses:
        wanted = ipaddress.ip_interface(text).network
        for index, shown, network in taken:
            if collide(wanted, network):
                raise NetworkRefusedError(
                    f"the network {wanted} overlaps {shown}, which this host "
                    f"has on {_link_name(index)}",
                    "choose addresses of a range that the host does not use, "
                    "or name the bridge that leads there",
                    plan,
                )


def shadow(netlink: Netlink, wanted: Network, own: set[str]) -> str:
    """What the host has in the way of a network, but on our `own` links; empty where nothing."""
    ours = {link.index for link in netlink.links() if link.name in own}
    for index, shown, network in taken_networks(netlink):
        if index not in ours and collide(wanted, network):
            return f"{shown} on {_link_name(index)}"
    return ""


def taken_networks(netlink: Netlink) -> Iterator[tuple[int, Interface | Network, Network]]:
    """Index of the link, how it is shown, and the network, of all that the host has or reaches."""
    for index, address in netlink.addresses():
        yield index, address, address.network
    for route in netlink.routed_networks():
        if route.network.prefixlen > _HALF:
            yield route.index, route.network, route.network


def collide(one: Network, other: Network) -> bool:
    """Whether an address lies in both; link-local ones are on every link."""
    return one.version == other.version and not other.is_link_local and one.overlaps(other)


def _link_name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return "a route"
