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
        with socket.socket(socket.AF_INET, _KINDS[ports.proto]) as probe:
            if ports.proto == "tcp":  # what ended a while ago is in nobody's way
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ports.host, port))
            except OSError as error:
                if error.errno == _TAKEN:
                    return port
    return None
