"""The container's side of its network: loopback, addresses and routes."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from cloche_engine.kernel.netlink import Netlink
from cloche_engine.sandbox.operation import Context
from cloche_engine.sandbox.plan import LinkPlan

_LOOPBACK = 1


@dataclass(frozen=True, slots=True)
class ConfigureNetwork:
    """Switch loopback on, and give the veth's inner end its addresses and routes."""

    link: LinkPlan | None
    line: int = 0
    column: int = 0

    def describe(self) -> str:
        """In words."""
        if self.link is None:
            return "switch loopback on"
        return f"configure {self.link.inner} with {', '.join(self.link.addresses) or 'no address'}"

    def run(self, context: Context) -> None:
        """Do it."""
        with Netlink() as netlink:
            netlink.switch_on(_LOOPBACK)
            if self.link is not None:
                _configure(netlink, self.link)


def _configure(netlink: Netlink, link: LinkPlan) -> None:
    index = socket.if_nametoindex(link.inner)
    for address in link.addresses:
        netlink.add_address(index, ipaddress.ip_interface(address))
    netlink.switch_on(index)
    for route in link.routes:
        to, via = ipaddress.ip_network(route.to), ipaddress.ip_address(route.via)
        netlink.add_route(index, to, via, route.metric)


@dataclass(frozen=True, slots=True)
class SetHostname:
    """The name inside."""

    name: str

    def describe(self) -> str:
        """In words."""
        return f"set hostname {self.name}"

    def run(self, context: Context) -> None:
        """Do it."""
        socket.sethostname(self.name)
