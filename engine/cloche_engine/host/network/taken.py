"""Ports of the host that its own programs use."""

from __future__ import annotations

import errno
import socket

from cloche_engine.sandbox.plan.links import ForwardPlan

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_TAKEN = errno.EADDRINUSE


def first_taken(ports: ForwardPlan) -> int | None:
    """The first of the ports that somebody of this host has, None where all are free.

    An address that the host has not yet is nobody's.
    """
    for port in range(ports.start, ports.end + 1):
        if any(_is_taken(family, ports, port) for family in _families(ports.host)):
            return port
    return None


def _families(host: str) -> tuple[socket.AddressFamily, ...]:
    if not host:
        return socket.AF_INET, socket.AF_INET6
    return (socket.AF_INET6 if ":" in host else socket.AF_INET,)


def _is_taken(family: socket.AddressFamily, ports: ForwardPlan, port: int) -> bool:
    try:
        with socket.socket(family, _KINDS[ports.proto]) as probe:
            if ports.proto == "tcp":  # what ended a while ago is in nobody's way
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((ports.host, port))
    except OSError as error:
        return error.errno == _TAKEN
    return False
