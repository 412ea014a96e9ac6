"""A route socket, and how its messages are packed and read (rtnetlink(7), netlink(7))."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import Self

from cloche_engine.kernel.constants import CLONE_NEWNET
from cloche_engine.kernel.refusal import refused, written
from cloche_engine.kernel.syscalls import setns

NESTED = 0x8000
_ERROR, _DONE = 2, 3
_LARGEST = 64 * 1024
"""Twice what the kernel puts into one datagram; more would be a mapping of its own each time."""
_REQUEST, _ACK, _DUMP, _EXCLUSIVE, _CREATE = 0x1, 0x4, 0x300, 0x200, 0x400


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded."""
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def text(kind: int, content: str) -> bytes:
    """An attribute of a string."""
    return attribute(kind, content.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """An attribute of 32 bits."""
    return attribute(kind, struct.pack("=I", value))


def attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message, by their number."""
    at = 0
    while at + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, at)
        if length < 4:
            return
        yield kind & 0x3FFF, body[at + 4 : at + length]
        at += (length + 3) & ~3


def messages(datagram: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, sequence number and payload of each message in a datagram."""
    at = 0
    while at + 16 <= len(datagram):
        length, kind, _, sequence, _ = struct.unpack_from("=IHHII", datagram, at)
        yield kind, sequence, datagram[at + 16 : at + length]
        at += (length + 3) & ~3


class RouteSocket:
    """A route socket in the network namespace of whoever makes it; a context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._sequence = 0

    @classmethod
    def inside(cls, netns: int) -> Self:
        """One in the network namespace of a descriptor; for processes of one thread only."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            setns(netns, CLONE_NEWNET)
            try:
                return cls()
            finally:
                setns(own, CLONE_NEWNET)
        finally:
            os.close(own)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _change(self, kind: int, body: bytes, subject: str, *, create: bool = True) -> None:
        flags = _REQUEST | _ACK | (_CREATE | _EXCLUSIVE if create else 0)
        self._send(kind, flags, body)
        for _ in self._answers(subject):
            pass

    def _dump(self, kind: int, body: bytes) -> Iterator[bytes]:
        self._send(kind, _REQUEST | _DUMP, body)
        yield from self._answers("dump")

    def _send(self, kind: int, flags: int, body: bytes) -> None:
        self._sequence += 1
        header = struct.pack("=IHHII", 16 + len(body), kind, flags, self._sequence, 0)
        self._socket.send(header + body)

    def _answers(self, subject: str) -> Iterator[bytes]:
        while True:
            datagram = self._socket.recv(_LARGEST)
            for kind, sequence, payload in messages(datagram):
                if sequence != self._sequence:
                    continue
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    _raise_unless_acknowledged(payload, subject)
                    return
                yield payload


def _raise_unless_acknowledged(payload: bytes, subject: str) -> None:
    code = -struct.unpack_from("=i", payload)[0]
    if code:
        raise refused(code, written("rtnetlink", [subject]), subject)
