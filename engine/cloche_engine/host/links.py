"""Bridges and veths on the host's side; nothing of ours stays without a container."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloche_engine.kernel.netlink import Interface, Netlink, Network, Veth
from cloche_engine.sandbox.plan.links import LinkPlan


class NetworkRefusedError(Exception):
    """The network cannot be made as the definition wants it; message and hint are sentences."""

    def __init__(self, message: str, hint: str, link: LinkPlan) -> None:
        super().__init__(message)
        self.link = link
        self.message = message
        self.hint = hint


@contextmanager
def changing_links(runtime: Path) -> Iterator[None]:
    """One change at a time: a bridge is not taken away while another container goes onto it."""
    lock = os.open(runtime / "links.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def connect(plan: LinkPlan, netns: int) -> None:
    """Make the bridge if it is a private one, and the veth into the namespace."""
    with Netlink() as netlink:
        index = _ensure_private(netlink, plan) if plan.private else _existing(netlink, plan)
        mac = bytes.fromhex(plan.mac.replace(":", "")) if plan.mac else b""
        try:
            netlink.delete_link(plan.outer)
            netlink.add_veth(Veth(plan.outer, plan.inner, netns, index, mac))
        except OSError:
            _remove_if_unused(netlink, plan)
            raise


def disconnect(plan: LinkPlan) -> None:
    """Remove the veth, and the private bridge after its last container."""
    with Netlink() as netlink:
        netlink.delete_link(plan.outer)
        _remove_if_unused(netlink, plan)


def _existing(netlink: Netlink, plan: LinkPlan) -> int:
    bridge = plan.bridge
    for link in netlink.links():
        if link.name == bridge and link.kind == "bridge":
            return link.index
    raise NetworkRefusedError(
        f"there is no bridge {bridge} on this host",
        f"make it with: ip link add {bridge} type bridge; "
        "or leave the bridge out for a private one",
        plan,
    )


def _ensure_private(netlink: Netlink, plan: LinkPlan) -> int:
    try:
        return socket.if_nametoindex(plan.bridge)
    except OSError:
        _refuse_overlap(netlink, plan)
    netlink.add_bridge(plan.bridge)
    index = socket.if_nametoindex(plan.bridge)
    try:
        for address in plan.gateway_addresses:
            netlink.add_address(index, ipaddress.ip_interface(address))
    except OSError:
        netlink.delete_link(plan.bridge)
        raise
    return index


def _refuse_overlap(netlink: Netlink, plan: LinkPlan) -> None:
    wanted = [ipaddress.ip_interface(text) for text in plan.gateway_addresses or plan.addresses]
    taken: list[tuple[int, Interface | Network]] = [
        *netlink.addresses(),
        *netlink.routed_networks(),
    ]
    for interface in wanted:
        for index, other in taken:
            network = other.network if hasattr(other, "network") else other
            if _collide(interface.network, network):
                raise NetworkRefusedError(
                    f"the network {interface.network} overlaps {other}, which this host "
                    f"has on {_link_name(index)}",
                    "choose addresses of a range that the host does not use, "
                    "or name the bridge that leads there",
                    plan,
                )


def _collide(one: Network, other: Network) -> bool:
    return one.version == other.version and not other.is_link_local and one.overlaps(other)


def _link_name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return "a route"


def _remove_if_unused(netlink: Netlink, plan: LinkPlan) -> None:
    if not plan.private:
        return
    links = netlink.links()
    bridge = next((link for link in links if link.name == plan.bridge), None)
    if bridge is not None and not any(link.master == bridge.index for link in links):
        netlink.delete_link(plan.bridge)
