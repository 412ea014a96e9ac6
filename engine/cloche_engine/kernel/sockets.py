"""Packet sockets below directories of any path length, and descriptors sent through them."""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Sequence

MAX_PACKET = 160 * 1024
MAX_DESCRIPTORS = 64


def _through(directory: int, name: str) -> str:
    # A socket's path holds 107 bytes; the descriptor's own path is short whatever it stands for.
    return f"/proc/self/fd/{directory}/{name}"


def listen_at(directory: int, name: str) -> socket.socket:
    """A listening SOCK_SEQPACKET socket in an open directory, reachable by its owner only."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    old = os.umask(0o177)
    try:
        listener.bind(_through(directory, name))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(old)
    return listener


def connect_at(directory: int, name: str) -> socket.socket:
    """A SOCK_SEQPACKET connection to a socket in an open directory."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        link.connect(_through(directory, name))
    except OSError:
        link.close()
        raise
    return link


def send_packet(link: socket.socket, payload: bytes, descriptors: Sequence[int] = ()) -> None:
    """One packet, with descriptors beside it."""
    rights = array.array("i", descriptors)
    extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    link.sendmsg([payload], extra, socket.MSG_NOSIGNAL)


def receive_packet(link: socket.socket) -> tuple[bytes, list[int]]:
    """The next packet and its descriptors (close-on-exec); empty at the end of the connection."""
    space = socket.CMSG_SPACE(MAX_DESCRIPTORS * array.array("i").itemsize)
    payload, extra, _, _ = link.recvmsg(MAX_PACKET, space, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, content in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return payload, list(descriptors)
