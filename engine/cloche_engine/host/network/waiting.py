"""Links that are there before their container is started, switched off: nobody is there yet.

They are known by their number: another container may bear the name of one by the time it goes.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cloche_engine.host.network import bridges
from cloche_engine.host.network.links import connect
from cloche_engine.kernel.netlink import Netlink
from cloche_engine.sandbox.plan.links import LinkPlan


@dataclass(frozen=True, slots=True)
class WaitingLink:
    """The outer end of a pair by its number, and what it is to be."""

    index: int
    plan: LinkPlan


def connect_waiting(plan: LinkPlan, netns: int) -> WaitingLink:
    """Make a pair whose outer end is off; NetworkRefusedError or OSError, and nothing is left."""
    connect(replace(plan, up=False), netns)
    return WaitingLink(socket.if_nametoindex(plan.outer), plan)


def switch_on(waiting: Iterable[WaitingLink]) -> None:
    """Let them go on, on their bridges of now; OSError where one is not there any more."""
    with Netlink() as netlink:
        for link in waiting:
            master = bridges.index_of(netlink, link.plan)
            netlink.join(link.index, master, up=link.plan.up)


def remove_waiting(waiting: Iterable[WaitingLink]) -> None:
    """Remove them, where they are; OSError."""
    with Netlink() as netlink:
        for link in waiting:
            netlink.delete_link_at(link.index)
