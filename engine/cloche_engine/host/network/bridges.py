"""The bridge that a veth is on: one of the host's, or a private one that comes with its first port.

Nobody but the container's own host speaks on a private bridge: router advertisements of a
container would otherwise give the host a default route (CVE-2020-13401).
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import socket
from collections.abc import Iterable
from pathlib import Path

from cloche_engine.host.network.forwarding import keep_private
from cloche_engine.host.network.overlap import refuse_overlap
from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.kernel.link_end import remove_link
from cloche_engine.kernel.netlink import Netlink
from cloche_engine.sandbox.plan.links import OUR_PREFIXES, LinkPlan

_IPV4 = Path("/proc/sys/net/ipv4/conf")
_IPV6 = Path("/proc/sys/net/ipv6/conf")


def index_of(netlink: Netlink, plan: LinkPlan) -> int:
    """The index of a plan's bridge, made where it is private and missing; 0 where it has none."""
    if not plan.bridge:
        return 0
    return _ensure_private(netlink, plan) if plan.private else _existing(netlink, plan)


def remove_if_unused(netlink: Netlink, plan: LinkPlan) -> None:
    """Remove a private bridge after its last port, where it is not to last."""
    if not plan.private or plan.lasting:
        return
    links = netlink.links()
    bridge = next((link for link in links if link.name == plan.bridge), None)
    if bridge is not None and not any(link.master == bridge.index for link in links):
        remove_link(plan.bridge)


def _existing(netlink: Netlink, plan: LinkPlan) -> int:
    found = netlink.link(plan.bridge)
    if found is not None and found.name.startswith(OUR_PREFIXES):
        raise NetworkRefusedError(
            f"{found.name} belongs to containers of another network",
            "use type 'network', or the gateway of that network",
            plan,
        )
    if found is not None and found.kind == "bridge":
        return found.index
    if found is not None:
        raise NetworkRefusedError(
            f"{plan.bridge} of this host is no bridge",
            "name a bridge, see `ip link show type bridge`; or leave it out for a private one",
            plan,
        )
    raise NetworkRefusedError(
        f"there is no bridge {plan.bridge} on this host",
        f"make it with: ip link add {plan.bridge} type bridge; "
        "or leave the bridge out for a private one",
        plan,
    )


def _ensure_private(netlink: Netlink, plan: LinkPlan) -> int:
    with contextlib.suppress(OSError):
        return socket.if_nametoindex(plan.bridge)
    refuse_overlap(netlink, plan)
    index = _make(netlink, plan.bridge, plan.gateway_addresses)
    keep_private(plan.bridge)
    return index


def make_bridge(name: str, addresses: Iterable[str]) -> None:
    """Have a bridge of ours with these addresses."""
    with Netlink() as netlink, contextlib.suppress(FileExistsError):
        _make(netlink, name, addresses)


def let_in_from_loopback(names: Iterable[str], *, on: bool) -> None:
    """Let packets of the host that come from 127.0.0.1 go onto these bridges (ip-sysctl, kernel).

    Nothing that a container sends to 127.0.0.0/8 is taken: the firewall's first rule.
    """
    for name in names if on else ():
        (_IPV4 / name / "route_localnet").write_text("1")


def remove_bridges(names: Iterable[str]) -> None:
    """Remove bridges of ours, where they are."""
    with Netlink() as netlink:
        for name in names:
            netlink.delete_link(name)


def _make(netlink: Netlink, name: str, addresses: Iterable[str]) -> int:
    netlink.add_bridge(name, _mac(name))
    index = socket.if_nametoindex(name)
    try:
        _take_no_advertisements(name)
        for address in addresses:
            netlink.add_address(index, ipaddress.ip_interface(address))
    except OSError:
        netlink.delete_link(name)
        raise
    return index


def _mac(bridge: str) -> bytes:
    # Without one of its own a bridge takes the lowest of its ports, and with another port another.
    return b"\x02" + hashlib.sha256(bridge.encode()).digest()[:5]


def _take_no_advertisements(bridge: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
        (_IPV6 / bridge / "accept_ra").write_text("0")
