"""The socket below a bus connection: descriptors close on exec, and big bodies are never parsed.

dbus-fast unmarshals whatever arrives; a body of 23 MiB in one dictionary stalls the loop for 0.6 s.
So the socket itself reads the 16 fixed bytes of each header, and where the body is larger than the
limit it hands the message on without one (length 0) and throws the bytes away.
"""

from __future__ import annotations

import errno
import io
import socket
import struct
from typing import Any

from dbus_fast import BusType, Message
from dbus_fast.aio import MessageBus
from dbus_fast.errors import InvalidAddressError

_HEADER = 16
_MAX_FIELDS = 128 * 1024
_CHUNK = 256 * 1024
AUTH_PATIENCE = 10.0
"""Seconds that a bus has to let somebody in; one that is stopped never does."""
_Ancillary = list[tuple[int, int, bytes]]


class BoundedSocket(socket.socket):
    """A stream socket for one D-Bus connection that never delivers a body above `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._limit = limit
        self._head = bytearray()
        self._ancillary: _Ancillary = []
        self._remaining = 0
        self._discard = 0
        self.trimmed = False
        """Whether the message that is being read, or was read last, had its body removed."""

    def recvmsg(
        self, size: int, ancillary_size: int = 0, flags: int = 0, /
    ) -> tuple[bytes, _Ancillary, int, Any]:
        """Some bytes of the current message, never more than one message."""
        if not self._remaining:
            return self._next_header(ancillary_size, flags)
        wanted = min(size, self._remaining)
        part = super().recvmsg(wanted, ancillary_size, flags | socket.MSG_CMSG_CLOEXEC)
        self._remaining -= len(part[0])
        return part

    def _next_header(self, ancillary_size: int, flags: int) -> tuple[bytes, _Ancillary, int, Any]:
        while True:
            self._throw_away()
            if not self._fill_head(ancillary_size, flags):
                return b"", [], 0, None
            fields, body = _lengths(self._head)
            if fields > _MAX_FIELDS:
                self._discard = fields + body
                self._take_head()
                continue
            self.trimmed = body > self._limit
            if self.trimmed:
                self._head[4:8] = bytes(4)
                self._discard, body = body, 0
            self._remaining = fields + body
            head, ancillary = self._take_head()
            return head, ancillary, 0, None

    def _fill_head(self, ancillary_size: int, flags: int) -> bool:
        while len(self._head) < _HEADER:
            data, ancillary, _, _ = super().recvmsg(
                _HEADER - len(self._head), ancillary_size, flags | socket.MSG_CMSG_CLOEXEC
            )
            self._ancillary += ancillary
            if not data:
                return False
            self._head += data
        return True

    def _take_head(self) -> tuple[bytes, _Ancillary]:
        head, ancillary = bytes(self._head), self._ancillary
        self._head, self._ancillary = bytearray(), []
        return head, ancillary

    def _throw_away(self) -> None:
        while self._discard:
            data = self.recv(min(self._discard, _CHUNK))
            if not data:
                raise ConnectionResetError(errno.ECONNRESET, "the bus closed the connection")
            self._discard -= len(data)


def _lengths(head: bytearray) -> tuple[int, int]:
    """Bytes of header fields with their padding, and bytes of body."""
    order = "<" if head[0:1] == b"l" else ">"
    body, _, fields = struct.unpack_from(order + "III", head, 4)
    return fields + (-fields & 7), body


class Connection(MessageBus):
    """A bus connection with descriptor passing whose incoming bodies are bounded."""

    def __init__(self, address: str | None, limit: int) -> None:
        super().__init__(
            address, BusType.SYSTEM, negotiate_unix_fd=True, auth_timeout=AUTH_PATIENCE
        )
        self._limit = limit
        self._bounded: BoundedSocket | None = None

    @property
    def body_was_refused(self) -> bool:
        """Whether the message being processed came with a body above the limit."""
        return self._bounded is not None and self._bounded.trimmed

    async def call(self, msg: Message) -> Message:
        """The reply to a call; one that cannot be sent leaves nobody waiting for its reply."""
        msg.serial = msg.serial or self.next_serial()
        try:
            return await super().call(msg)
        except (ValueError, TypeError, OverflowError, struct.error):
            self._method_return_handlers.pop(msg.serial, None)
            raise

    def _create_socket_for_transport(  # type: ignore[override]  # a static method in the base
        self, transport: str, options: dict[str, str]
    ) -> tuple[socket.socket, io.BufferedRWPair, bytes | str]:
        if transport != "unix" or not ("path" in options or "abstract" in options):
            raise InvalidAddressError(f"cannot connect to a bus by {transport}")
        path: bytes | str = options.get("path") or b"\0" + options["abstract"].encode()
        self._bounded = BoundedSocket(self._limit)
        return self._bounded, self._bounded.makefile("rwb"), path


def close_descriptors(message: Message) -> None:
    """Close every descriptor that came with a message."""
    for number in message.unix_fds:
        socket.close(number)
    message.unix_fds = []
