"""Hears of changes that others make to rules and routes (netlink(7), nf_tables)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine

from cloche_engine.kernel.rtnetlink import attributes, messages

_NETFILTER = 12
_NFTABLES_GROUP = 7
_NFTABLES = 10
_DELETIONS = frozenset((_NFTABLES << 8) | kind for kind in (2, 5, 8, 11, 14))
_NEW_GENERATION, _GET_GENERATION = (_NFTABLES << 8) | 15, (_NFTABLES << 8) | 16
_TABLE_NAME = 1
_GENERATION, _GENERATION_PID = 1, 2
_REQUEST = 1
_SO_RCVBUFFORCE = 33
_ROOM = 32 * 1024 * 1024
"""Bytes that may wait to be read: a bridge made anew is told in a thousand messages at once."""
_IPV4_ADDRESSES, _IPV4_ROUTES = 0x10, 0x40


class RuleWatch:
    """Calls `lost` when somebody else took away something of a table."""

    def __init__(self, table: str, lost: Callable[[], None]) -> None:
        self._table = table.encode() + b"\0"
        self._lost = lost
        self._touched = False
        self._changers: list[int] | None = None
        self._socket = _listening(_NETFILTER, 1 << (_NFTABLES_GROUP - 1), self._readable)

    async def while_changing(self, change: Coroutine[None, None, int]) -> None:
        """Do a change of our own, which tells the pid that it is known by."""
        self._changers = []
        before = generation()
        try:
            own = await change
        finally:
            self._readable()
            changers, self._changers = self._changers, None
        nobody_else = generation() == before + 1
        if not nobody_else and any(changer != own for changer in changers):
            self._lost()

    def close(self) -> None:
        """Hear no more."""
        _close(self._socket)

    def _readable(self) -> None:
        while True:
            try:
                datagram = self._socket.recv(256 * 1024)
            except BlockingIOError:
                return
            except OSError:  # so much happened that some of it was not told, until all is read
                self._judge(0)
                continue
            for kind, _, payload in messages(datagram):
                self._heard(kind, dict(attributes(payload[4:])))

    def _heard(self, kind: int, values: dict[int, bytes]) -> None:
        if kind in _DELETIONS and values.get(_TABLE_NAME) == self._table:
            self._touched = True
        elif kind == _NEW_GENERATION and self._touched:
            self._touched = False
            self._judge(struct.unpack(">I", values.get(_GENERATION_PID, bytes(4)))[0])

    def _judge(self, changer: int) -> None:
        if self._changers is None:
            self._lost()
        else:
            self._changers.append(changer)


class RouteWatch:
    """Remembers whether addresses or routes of the host have changed since it was asked last."""

    def __init__(self) -> None:
        self._changed = True
        groups = _IPV4_ADDRESSES | _IPV4_ROUTES
        self._socket = _listening(socket.NETLINK_ROUTE, groups, self._readable)

    def has_changed(self) -> bool:
        """Whether something is new; from now on only what comes after."""
        self._readable()
        changed, self._changed = self._changed, False
        return changed

    def close(self) -> None:
        """Hear no more."""
        _close(self._socket)

    def _readable(self) -> None:
        try:
            while self._socket.recv(256 * 1024):
                self._changed = True
        except BlockingIOError:
            return
        except OSError:  # so much happened that some of it was not told
            self._changed = True


def generation() -> int:
    """How many transactions the rules of this network namespace have seen; OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as link:
        link.send(struct.pack("=IHHIIBBH", 20, _GET_GENERATION, _REQUEST, 0, 0, 0, 0, 0))
        for kind, _, payload in messages(link.recv(64 * 1024)):
            if kind == _NEW_GENERATION:
                return int.from_bytes(dict(attributes(payload[4:]))[_GENERATION], "big")
    return 0


def _listening(family: int, groups: int, readable: Callable[[], None]) -> socket.socket:
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, family)
    with contextlib.suppress(PermissionError):  # then there is room for what is usual
        link.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM)
    link.bind((0, groups))
    asyncio.get_running_loop().add_reader(link.fileno(), readable)
    return link


def _close(link: socket.socket) -> None:
    asyncio.get_running_loop().remove_reader(link.fileno())
    link.close()
