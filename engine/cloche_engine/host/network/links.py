"""Interfaces of containers as the host sees them; nothing of ours stays without a container."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cloche_engine.host.network import bridges, parents
from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.kernel.link_end import remove_link
from cloche_engine.kernel.netlink import Macvlan, Netlink, Veth
from cloche_engine.sandbox.plan.links import LinkKind, LinkPlan


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
    """Make an interface in the namespace; NetworkRefusedError or OSError, and nothing is left."""
    with Netlink() as netlink:
        _CONNECT[plan.kind](netlink, plan, netns)


def disconnect(plan: LinkPlan, netns: int = -1) -> None:
    """Undo what connect did, from its end on or from any point before it; safe to repeat.

    A link of the host comes back out of the namespace, or from where the kernel put it if that is
    gone already.
    """
    with Netlink() as netlink:
        if plan.kind is LinkKind.PHYSICAL:
            parents.take_back(netlink, plan, netns)
        elif plan.kind is LinkKind.MACVLAN and netns >= 0:
            _remove_inside(plan, netns)
        elif plan.kind is LinkKind.VETH:
            remove_link(plan.outer)
            bridges.remove_if_unused(netlink, plan)


def _connect_veth(netlink: Netlink, plan: LinkPlan, netns: int) -> None:
    index = bridges.index_of(netlink, plan)
    name = plan.host_name or plan.outer
    veth = Veth(name, plan.inner, netns, index, plan.mac_bytes, plan.up)
    try:
        if plan.host_name:
            netlink.delete_link(plan.outer)
            _refuse_taken(netlink, plan)
        _add(netlink, veth)
        if plan.host_name:
            _remember(netlink, plan)
        if plan.forwards:
            reflect(netlink, plan)
    except (OSError, NetworkRefusedError):
        bridges.remove_if_unused(netlink, plan)
        raise


def _add(netlink: Netlink, veth: Veth) -> None:
    """One of this name that was left is in nobody's use: only then there is one to remove."""
    try:
        netlink.add_veth(veth)
    except FileExistsError:
        netlink.delete_link(veth.name)
        netlink.add_veth(veth)


def _remove_inside(plan: LinkPlan, netns: int) -> None:
    # With its namespace it would go later, and until then be in the way of the next start.
    with Netlink.inside(netns) as inside:
        inside.delete_link(plan.inner)


def reflect(netlink: Netlink, plan: LinkPlan) -> None:
    """Let the container reach itself by the host's ports that lead to it."""
    made = netlink.link(plan.outer)
    if made is not None:
        netlink.reflect(made.index)


def _remember(netlink: Netlink, plan: LinkPlan) -> None:
    """Have a link that bears the user's name found by ours, which alone is ever removed."""
    try:
        made = netlink.link(plan.host_name)
        if made is not None:
            netlink.add_other_name(made.index, plan.outer)
    except OSError:
        netlink.delete_link(plan.host_name)
        raise


def _refuse_taken(netlink: Netlink, plan: LinkPlan) -> None:
    if netlink.link(plan.host_name) is not None:
        raise NetworkRefusedError(
            f"this host has a link named {plan.host_name} already",
            "write another name in <target>, or remove it",
            plan,
        )


def _connect_macvlan(netlink: Netlink, plan: LinkPlan, netns: int) -> None:
    parent = parents.of_macvlan(netlink, plan)
    made = Macvlan(parent.index, plan.inner, netns, plan.mode or "bridge", plan.mac_bytes)
    try:
        netlink.add_macvlan(made)
    except OSError as error:
        raise parents.refused(plan, error) from error


def _connect_physical(netlink: Netlink, plan: LinkPlan, netns: int) -> None:
    parents.give(netlink, plan, netns)


_CONNECT: dict[LinkKind, Callable[[Netlink, LinkPlan, int], None]] = {
    LinkKind.VETH: _connect_veth,
    LinkKind.MACVLAN: _connect_macvlan,
    LinkKind.PHYSICAL: _connect_physical,
}
