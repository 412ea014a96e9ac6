"""Hears of changes that others make to rules and routes (netlink(7), nf_tables)."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine

from cloche_engine.kernel.rtnetlink import attributes, messages

_NETFILTER = 12
_NFTABLES_GROUP = 7
_NFTABLES = 10
_DELETIONS = frozenset((_NFTABLES << 8) | kind for kind in (2, 5, 8, 11, 14))
_NEW_GENERATION = (_NFTABLES << 8) | 15
_TABLE_NAME, _GENERATION_PID = 1, 2
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
        try:
            own = await change
        finally:
            self._readable()
            changers, self._changers = self._changers, None
        if any(changer != own for changer in changers):
            self._lost()

    def close(self) -> None:
        """Hear no more."""
        _close(self._socket)

    def _readable(self) -> None:
        try:
            while True:
                for kind, _, payload in messages(self._socket.recv(256 * 1024)):
                    self._heard(kind, dict(attributes(payload[4:])))
        except BlockingIOError:
            return
        except OSError:  # so much happened that some of it was not told
            self._judge(0)

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


def _listening(family: int, groups: int, readable: Callable[[], None]) -> socket.socket:
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, family)
    link.bind((0, groups))
    asyncio.get_running_loop().add_reader(link.fileno(), readable)
    return link


def _close(link: socket.socket) -> None:
    asyncio.get_running_loop().remove_reader(link.fileno())
    link.close()
