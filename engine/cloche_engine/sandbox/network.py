"""The container's side of its network: loopback, addresses and routes."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass

from cloche_engine.kernel.netlink import Netlink, about_route, new_address
from cloche_engine.sandbox.operation import Context
from cloche_engine.sandbox.plan.links import LinkKind, LinkPlan

_LOOPBACK = 1


@dataclass(frozen=True, slots=True)
class SwitchLoopbackOn:
    """127.0.0.1 and ::1 answer."""

    def describe(self) -> str:
        """In words."""
        return "switch loopback on"

    def run(self, context: Context) -> None:
        """Do it."""
        with Netlink() as netlink:
            netlink.switch_on(_LOOPBACK)


@dataclass(frozen=True, slots=True)
class ConfigureNetwork:
    """Give the veth's inner end its addresses and routes."""

    link: LinkPlan

    @property
    def line(self) -> int:
        """Where the definition asks for it."""
        return self.link.line

    @property
    def column(self) -> int:
        """Where in the line."""
        return self.link.column

    def describe(self) -> str:
        """In words."""
        return f"configure {self.link.inner} with {', '.join(self.link.addresses) or 'no address'}"

    def run(self, context: Context) -> None:
        """Do it."""
        with Netlink() as netlink:
            configure(netlink, self.link)


def configure(netlink: Netlink, link: LinkPlan) -> None:
    """Give the inner end its addresses and routes.

    A veth that is to be down is so by its outer end: there the container has no say.
    """
    found = netlink.link(link.inner)
    if found is None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), link.inner)
    for address in link.addresses:
        netlink.add_address(found.index, ipaddress.ip_interface(address))
    if link.up or link.kind is LinkKind.VETH:
        switch_on(netlink, found.index, link)


def messages(link: LinkPlan, index: int) -> list[bytes]:
    """All that tells the kernel of the addresses and routes of a link, sent to nobody."""
    routes = ((ipaddress.ip_network(one.to), ipaddress.ip_address(one.via), one.metric)
              for one in link.routes)  # fmt: skip
    given = [new_address(index, ipaddress.ip_interface(address)) for address in link.addresses]
    return [*given, *(about_route(index, *one) for one in routes)]


def switch_on(netlink: Netlink, index: int, link: LinkPlan) -> None:
    """Set the inner end up and add its routes, which a link that is down cannot have."""
    netlink.switch_on(index)
    for route in link.routes:
        to, via = ipaddress.ip_network(route.to), ipaddress.ip_address(route.via)
        netlink.add_route(index, to, via, route.metric)


_PING = "/proc/sys/net/ipv4/ping_group_range"


@dataclass(frozen=True, slots=True)
class OpenPing:
    """Open the setting of who may ping, before the kernel's settings become read-only."""

    def describe(self) -> str:
        """In words."""
        return "open the setting of ping"

    def run(self, context: Context) -> None:
        """Do it."""
        context.descriptors["ping"] = os.open(_PING, os.O_WRONLY | os.O_CLOEXEC)


@dataclass(frozen=True, slots=True)
class AllowPing:
    """Let every group of the container send echo requests, which needs no raw socket (icmp(7))."""

    groups: int

    def describe(self) -> str:
        """In words."""
        return "allow ping"

    def run(self, context: Context) -> None:
        """Do it."""
        os.write(context.take("ping"), b"0 %d" % (self.groups - 1))


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
