"""Links, addresses and routes by rtnetlink (rtnetlink(7)): only the messages that a start needs.

Everything here lies on the way of a start or runs in the container's own process, where importing
a general netlink library would cost more than the whole start.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from dataclasses import dataclass

from cloche_engine.kernel.rtnetlink import (
    NESTED,
    RouteSocket,
    attribute,
    attributes,
    number,
    text,
)

_NEWLINK, _DELLINK, _GETLINK, _NEWADDR, _DELADDR, _GETADDR = 16, 17, 18, 20, 21, 22
_SETLINK = 19
_NEWROUTE, _DELROUTE, _GETROUTE, _NEWLINKPROP, _DELLINKPROP = 24, 25, 26, 108, 109
_IFF_UP, _IFF_LOOPBACK = 1, 8
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_LINK, _IFLA_MASTER, _IFLA_LINKINFO = 1, 3, 5, 10, 18
_AF_BRIDGE, _IFLA_PROTINFO, _BRPORT_MODE = 7, 12, 4
_IFLA_NET_NS_FD, _IFLA_PROP_LIST, _IFLA_ALT_IFNAME = 28, 52, 53
_INFO_KIND, _INFO_DATA, _VETH_PEER, _MACVLAN_MODE = 1, 2, 1, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_IFA_F_NODAD = 0x02
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_TABLE = 1, 4, 5, 6, 15
_TABLE_MAIN, _TABLE_LOCAL = 254, 255
_PROTOCOL_STATIC, _SCOPE_UNIVERSE, _TYPE_UNICAST = 4, 0, 1

MACVLAN_MODES = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Veth:
    """A pair of links: `name` here (on bridge `master`), `inner` in the namespace of `netns`."""

    name: str
    inner: str
    netns: int
    master: int = 0
    mac: bytes = b""
    up: bool = True


@dataclass(frozen=True, slots=True)
class Macvlan:
    """A link with a hardware address of its own on the link `parent`, born in a namespace."""

    parent: int
    inner: str
    netns: int
    mode: str
    mac: bytes = b""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of this namespace; kind is empty for hardware, master 0 where it is on no bridge."""

    index: int
    name: str
    kind: str
    master: int
    up: bool = False
    loopback: bool = False
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutedNetwork:
    """The destination of a route and the index of its link; 0 where it has none."""

    index: int
    network: Network


def _family(address: Address | Network | Interface) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _link_header(index: int = 0, *, up: bool | None = None) -> bytes:
    """With up None the link stays as it is, switched off where it is new."""
    flags = _IFF_UP if up else 0
    mask = 0 if up is None else _IFF_UP
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, mask)


class Netlink(RouteSocket):
    """What is done to links, addresses and routes; OSError tells what the kernel refused."""

    def add_bridge(self, name: str, mac: bytes = b"") -> None:
        """Make a bridge and switch it on; FileExistsError if the name is taken."""
        info = attribute(_IFLA_LINKINFO | NESTED, text(_INFO_KIND, "bridge"))
        body = _link_header(up=True) + text(_IFLA_IFNAME, name)
        body += attribute(_IFLA_ADDRESS, mac) if mac else b""
        self._change(_NEWLINK, body + info, name)

    def add_veth(self, veth: Veth) -> None:
        """Make a pair whose inner end is born in its namespace, in one message."""
        inside = _link_header() + text(_IFLA_IFNAME, veth.inner)
        inside += number(_IFLA_NET_NS_FD, veth.netns)
        inside += attribute(_IFLA_ADDRESS, veth.mac) if veth.mac else b""
        peer = attribute(_INFO_DATA | NESTED, attribute(_VETH_PEER | NESTED, inside))
        info = attribute(_IFLA_LINKINFO | NESTED, text(_INFO_KIND, "veth") + peer)
        outside = _link_header(up=veth.up) + text(_IFLA_IFNAME, veth.name)
        outside += number(_IFLA_MASTER, veth.master) if veth.master else b""
        self._change(_NEWLINK, outside + info, veth.name)

    def add_macvlan(self, macvlan: Macvlan) -> None:
        """Make a macvlan that is born in its namespace, in one message."""
        mode = number(_MACVLAN_MODE, MACVLAN_MODES[macvlan.mode])
        data = text(_INFO_KIND, "macvlan") + attribute(_INFO_DATA | NESTED, mode)
        body = _link_header() + text(_IFLA_IFNAME, macvlan.inner)
        body += number(_IFLA_LINK, macvlan.parent) + number(_IFLA_NET_NS_FD, macvlan.netns)
        body += attribute(_IFLA_ADDRESS, macvlan.mac) if macvlan.mac else b""
        self._change(_NEWLINK, body + attribute(_IFLA_LINKINFO | NESTED, data), macvlan.inner)

    def move(self, index: int, netns: int, name: str) -> None:
        """Move a link to another namespace under a name, where it arrives switched off."""
        body = number(_IFLA_NET_NS_FD, netns) + text(_IFLA_IFNAME, name)
        self._change(_NEWLINK, _link_header(index) + body, name, create=False)

    def rename(self, index: int, name: str) -> None:
        """Give a link another name; it has to be switched off."""
        body = _link_header(index) + text(_IFLA_IFNAME, name)
        self._change(_NEWLINK, body, name, create=False)

    def join(self, index: int, master: int, *, up: bool) -> None:
        """Put a link on a bridge and switch it, in one message."""
        body = _link_header(index, up=up) + number(_IFLA_MASTER, master)
        self._change(_NEWLINK, body, f"link {index}", create=False)

    def set_master(self, index: int, master: int) -> None:
        """Put a link on a bridge; 0 takes it off."""
        body = _link_header(index) + number(_IFLA_MASTER, master)
        self._change(_NEWLINK, body, f"link {index}", create=False)

    def reflect(self, index: int) -> None:
        """Let a port of a bridge get its own frames back, as a port that leads to itself needs.

        With bridge-nf-call-iptables on, a translated frame is bridged where it came from.
        """
        header = struct.pack("=BxHiII", _AF_BRIDGE, 0, index, 0, 0)
        mode = attribute(_IFLA_PROTINFO | NESTED, attribute(_BRPORT_MODE, b"\1"))
        self._change(_SETLINK, header + mode, f"link {index}", create=False)

    def add_other_name(self, index: int, name: str) -> None:
        """A further name of a link, by which it is found as well."""
        names = attribute(_IFLA_PROP_LIST | NESTED, text(_IFLA_ALT_IFNAME, name))
        self._change(_NEWLINKPROP, _link_header(index) + names, name)

    def delete_other_name(self, index: int, name: str) -> None:
        """Take a further name of a link away."""
        names = attribute(_IFLA_PROP_LIST | NESTED, text(_IFLA_ALT_IFNAME, name))
        self._change(_DELLINKPROP, _link_header(index) + names, name, create=False)

    def delete_link(self, name: str) -> None:
        """Remove a link; nothing happens where there is none of this name."""
        try:
            self._change(_DELLINK, _link_header() + text(_IFLA_IFNAME, name), name, create=False)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise

    def delete_link_at(self, index: int) -> None:
        """Remove the link of a number; nothing happens where there is none."""
        try:
            self._change(_DELLINK, _link_header(index), f"link {index}", create=False)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise

    def switch(self, index: int, *, on: bool) -> None:
        """Set a link up or down."""
        self._change(_NEWLINK, _link_header(index, up=on), f"link {index}", create=False)

    def switch_on(self, index: int) -> None:
        """Set a link up."""
        self.switch(index, on=True)

    def add_address(self, index: int, interface: Interface) -> None:
        """Give a link an address."""
        self._change(_NEWADDR, new_address(index, interface), str(interface))

    def delete_address(self, index: int, interface: Interface) -> None:
        """Take an address from a link; the routes through it go as well."""
        self._change(_DELADDR, _address(index, interface), str(interface), create=False)

    def add_route(self, index: int, to: Network, via: Address, metric: int | None = None) -> None:
        """Add a route through a neighbour; a prefix of length 0 is the default route."""
        self._change(_NEWROUTE, about_route(index, to, via, metric), f"{to} via {via}")

    def delete_route(
        self, index: int, to: Network, via: Address, metric: int | None = None
    ) -> None:
        """Take a route away; nothing happens where it went with its address."""
        try:
            body = about_route(index, to, via, metric)
            self._change(_DELROUTE, body, f"{to} via {via}", create=False)
        except OSError as error:
            if error.errno != errno.ESRCH:
                raise

    def links(self) -> list[Link]:
        """Every link of this namespace (/sys may show those of another)."""
        return [_link(body) for body in self._dump(_GETLINK, _link_header())]

    def link(self, name: str) -> Link | None:
        """The link of a name, also of a further one."""
        self._send(_GETLINK, 0x1, _link_header() + text(_IFLA_IFNAME, name))
        try:
            return _link(next(self._answers(name)))
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
            return None

    def addresses(self) -> list[tuple[int, Interface]]:
        """Every address of this namespace, with the index of its link."""
        found = []
        for body in self._dump(_GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
            prefix, index = body[1], struct.unpack_from("=I", body, 4)[0]
            values = dict(attributes(body[8:]))
            packed = values.get(_IFA_LOCAL) or values.get(_IFA_ADDRESS)
            if packed:
                found.append((index, ipaddress.ip_interface((_unpack(packed), prefix))))
        return found

    def routed_networks(self) -> list[RoutedNetwork]:
        """Destinations of all tables but the local one, less default routes."""
        found = []
        for body in self._dump(_GETROUTE, struct.pack("=BBBBBBBBI", *[0] * 9)):
            prefix, values = body[1], dict(attributes(body[12:]))
            table = struct.unpack("=I", values.get(_RTA_TABLE, body[4:5] + bytes(3)))[0]
            if table != _TABLE_LOCAL and prefix and _RTA_DST in values:
                index = struct.unpack("=I", values.get(_RTA_OIF, bytes(4)))[0]
                network = ipaddress.ip_network((_unpack(values[_RTA_DST]), prefix))
                found.append(RoutedNetwork(index, network))
        return found

    def default_links(self) -> set[int]:
        """The links that default routes of the main table lead through."""
        found = set()
        for body in self._dump(_GETROUTE, struct.pack("=BBBBBBBBI", *[0] * 9)):
            values = dict(attributes(body[12:]))
            if body[1] == 0 and body[4] == _TABLE_MAIN and _RTA_OIF in values:
                found.add(struct.unpack("=I", values[_RTA_OIF])[0])
        return found


def _address(index: int, interface: Interface) -> bytes:
    packed = interface.ip.packed
    header = struct.pack("=BBBBI", _family(interface), interface.network.prefixlen, 0, 0, index)
    return header + attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)


def new_address(index: int, interface: Interface) -> bytes:
    """The body of the message that gives a link an address."""
    body = _address(index, interface)
    if interface.version == 4 and interface.network.prefixlen < 31:
        body += attribute(_IFA_BROADCAST, interface.network.broadcast_address.packed)
    if interface.version == 6:
        body += number(_IFA_FLAGS, _IFA_F_NODAD)  # usable at once; nobody else has it here
    return body


def about_route(index: int, to: Network, via: Address, metric: int | None) -> bytes:
    """The body of a message about a route through a neighbour."""
    header = struct.pack(
        "=BBBBBBBBI", _family(to), to.prefixlen, 0, 0, _TABLE_MAIN, _PROTOCOL_STATIC,
        _SCOPE_UNIVERSE, _TYPE_UNICAST, 0,
    )  # fmt: skip
    body = attribute(_RTA_DST, to.network_address.packed) if to.prefixlen else b""
    body += attribute(_RTA_GATEWAY, via.packed) + number(_RTA_OIF, index)
    return header + body + (number(_RTA_PRIORITY, metric) if metric is not None else b"")


def _link(body: bytes) -> Link:
    values = dict(attributes(body[16:]))
    info = dict(attributes(values.get(_IFLA_LINKINFO, b"")))
    master = struct.unpack("=I", values.get(_IFLA_MASTER, bytes(4)))[0]
    index, flags = struct.unpack_from("=iI", body, 4)
    others = attributes(values.get(_IFLA_PROP_LIST, b""))
    return Link(
        index,
        values.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode(),
        info.get(_INFO_KIND, b"").rstrip(b"\0").decode(),
        master,
        up=bool(flags & _IFF_UP),
        loopback=bool(flags & _IFF_LOOPBACK),
        other_names=tuple(each.rstrip(b"\0").decode() for _, each in others),
    )


def _unpack(packed: bytes) -> Address:
    return ipaddress.ip_address(packed)
