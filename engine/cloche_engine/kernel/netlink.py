"""Links, addresses and routes by rtnetlink (rtnetlink(7)): only the messages that a start needs.

Everything here lies on the way of a start or runs in the container's own process, where importing
a general netlink library would cost more than the whole start.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

_ERROR, _DONE = 2, 3
_REQUEST, _ACK, _DUMP, _EXCLUSIVE, _CREATE = 0x1, 0x4, 0x300, 0x200, 0x400
_NEWLINK, _DELLINK, _GETLINK, _NEWADDR, _GETADDR, _NEWROUTE, _GETROUTE = 16, 17, 18, 20, 22, 24, 26
_NESTED = 0x8000
_IFF_UP = 1
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 1, 3, 10, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_IFA_F_NODAD = 0x02
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY = 1, 4, 5, 6
_TABLE_MAIN, _PROTOCOL_STATIC, _SCOPE_UNIVERSE, _TYPE_UNICAST = 254, 4, 0, 1

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


@dataclass(frozen=True, slots=True)
class Link:
    """A link of this namespace; kind is empty for hardware, master 0 where it is on no bridge."""

    index: int
    name: str
    kind: str
    master: int


def _attribute(kind: int, payload: bytes) -> bytes:
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def _text(kind: int, text: str) -> bytes:
    return _attribute(kind, text.encode() + b"\0")


def _number(kind: int, number: int) -> bytes:
    return _attribute(kind, struct.pack("=I", number))


def _family(address: Address | Network | Interface) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _link_header(index: int = 0, *, up: bool = False) -> bytes:
    flags = _IFF_UP if up else 0
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, flags)


class Netlink:
    """A route socket in the network namespace of whoever makes it; a context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def add_bridge(self, name: str) -> None:
        """Make a bridge and switch it on; FileExistsError if the name is taken."""
        info = _attribute(_IFLA_LINKINFO | _NESTED, _text(_INFO_KIND, "bridge"))
        self._change(_NEWLINK, _link_header(up=True) + _text(_IFLA_IFNAME, name) + info, name)

    def add_veth(self, veth: Veth) -> None:
        """Make a pair whose inner end is born in its namespace, in one message."""
        inside = _link_header() + _text(_IFLA_IFNAME, veth.inner)
        inside += _number(_IFLA_NET_NS_FD, veth.netns)
        inside += _attribute(_IFLA_ADDRESS, veth.mac) if veth.mac else b""
        peer = _attribute(_INFO_DATA | _NESTED, _attribute(_VETH_PEER | _NESTED, inside))
        info = _attribute(_IFLA_LINKINFO | _NESTED, _text(_INFO_KIND, "veth") + peer)
        outside = _link_header(up=True) + _text(_IFLA_IFNAME, veth.name)
        outside += _number(_IFLA_MASTER, veth.master) if veth.master else b""
        self._change(_NEWLINK, outside + info, veth.name)

    def delete_link(self, name: str) -> None:
        """Remove a link; nothing happens where there is none of this name."""
        try:
            self._change(_DELLINK, _link_header() + _text(_IFLA_IFNAME, name), name, create=False)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise

    def switch_on(self, index: int) -> None:
        """Set a link up."""
        self._change(_NEWLINK, _link_header(index, up=True), f"link {index}", create=False)

    def add_address(self, index: int, interface: Interface) -> None:
        """Give a link an address."""
        packed = interface.ip.packed
        header = struct.pack("=BBBBI", _family(interface), interface.network.prefixlen, 0, 0, index)
        body = _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
        if interface.version == 4 and interface.network.prefixlen < 31:
            body += _attribute(_IFA_BROADCAST, interface.network.broadcast_address.packed)
        if interface.version == 6:
            body += _number(_IFA_FLAGS, _IFA_F_NODAD)  # usable at once; nobody else has it here
        self._change(_NEWADDR, header + body, str(interface))

    def add_route(self, index: int, to: Network, via: Address, metric: int | None = None) -> None:
        """Add a route through a neighbour; a prefix of length 0 is the default route."""
        header = struct.pack(
            "=BBBBBBBBI", _family(to), to.prefixlen, 0, 0, _TABLE_MAIN, _PROTOCOL_STATIC,
            _SCOPE_UNIVERSE, _TYPE_UNICAST, 0,
        )  # fmt: skip
        body = _attribute(_RTA_DST, to.network_address.packed) if to.prefixlen else b""
        body += _attribute(_RTA_GATEWAY, via.packed) + _number(_RTA_OIF, index)
        body += _number(_RTA_PRIORITY, metric) if metric is not None else b""
        self._change(_NEWROUTE, header + body, f"{to} via {via}")

    def links(self) -> list[Link]:
        """Every link of this namespace (/sys may show those of another)."""
        return [_link(body) for body in self._dump(_GETLINK, _link_header())]

    def addresses(self) -> list[tuple[int, Interface]]:
        """Every address of this namespace, with the index of its link."""
        found = []
        for body in self._dump(_GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
            prefix, index = body[1], struct.unpack_from("=I", body, 4)[0]
            values = dict(_attributes(body[8:]))
            packed = values.get(_IFA_LOCAL) or values.get(_IFA_ADDRESS)
            if packed:
                found.append((index, ipaddress.ip_interface((_unpack(packed), prefix))))
        return found

    def routed_networks(self) -> list[tuple[int, Network]]:
        """Destinations of the main table, less default routes, with the index of their link."""
        found = []
        for body in self._dump(_GETROUTE, struct.pack("=BBBBBBBBI", *[0] * 9)):
            prefix, table = body[1], body[4]
            values = dict(_attributes(body[12:]))
            if table == _TABLE_MAIN and prefix and _RTA_DST in values:
                index = struct.unpack("=I", values.get(_RTA_OIF, bytes(4)))[0]
                packed = values[_RTA_DST]
                found.append((index, ipaddress.ip_network((_unpack(packed), prefix))))
        return found

    def _change(self, kind: int, body: bytes, subject: str, *, create: bool = True) -> None:
        flags = _REQUEST | _ACK | (_CREATE | _EXCLUSIVE if create else 0)
        self._send(kind, flags, body)
        for _, _ in self._answers(subject):
            pass

    def _dump(self, kind: int, body: bytes) -> Iterator[bytes]:
        self._send(kind, _REQUEST | _DUMP, body)
        for _, payload in self._answers("dump"):
            yield payload

    def _send(self, kind: int, flags: int, body: bytes) -> None:
        self._sequence += 1
        header = struct.pack("=IHHII", 16 + len(body), kind, flags, self._sequence, 0)
        self._socket.send(header + body)

    def _answers(self, subject: str) -> Iterator[tuple[int, bytes]]:
        while True:
            datagram = self._socket.recv(256 * 1024)
            for kind, sequence, payload in _messages(datagram):
                if sequence != self._sequence:
                    continue
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    _raise_unless_acknowledged(payload, subject)
                    return
                yield kind, payload


def _link(body: bytes) -> Link:
    values = dict(_attributes(body[16:]))
    info = dict(_attributes(values.get(_IFLA_LINKINFO, b"")))
    master = struct.unpack("=I", values.get(_IFLA_MASTER, bytes(4)))[0]
    return Link(
        struct.unpack_from("=i", body, 4)[0],
        values.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode(),
        info.get(_INFO_KIND, b"").rstrip(b"\0").decode(),
        master,
    )


def _raise_unless_acknowledged(payload: bytes, subject: str) -> None:
    code = -struct.unpack_from("=i", payload)[0]
    if code:
        raise OSError(code, os.strerror(code), subject)


def _messages(datagram: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 16 <= len(datagram):
        length, kind, _, sequence, _ = struct.unpack_from("=IHHII", datagram, at)
        yield kind, sequence, datagram[at + 16 : at + length]
        at += (length + 3) & ~3


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, at)
        if length < 4:
            return
        yield kind & 0x3FFF, body[at + 4 : at + length]
        at += (length + 3) & ~3


def _unpack(packed: bytes) -> Address:
    return ipaddress.ip_address(packed)
