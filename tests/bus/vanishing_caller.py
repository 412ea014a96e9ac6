"""Defines containers as another user and leaves: `python -m tests.bus.vanishing_caller BUS UID`.

Each try waits a little longer between the call and the close of its connection.
"""

from __future__ import annotations

import os
import socket
import sys
import time

from dbus_fast import Message
from tests.bus.world import shell

TRIES, STEP = 400, 50e-6


def main(bus: str, user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    for number in range(TRIES):
        _try(bus, user, number)


def _try(bus: str, user: int, number: int) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(bus)
        link.sendall(b"\0AUTH EXTERNAL " + str(user).encode().hex().encode() + b"\r\n")
        assert link.recv(4096).startswith(b"OK")
        link.sendall(b"BEGIN\r\n" + marshalled(hello()))
        link.recv(4096)
        link.sendall(marshalled(_define(f"evil-{number}")))
        until = time.perf_counter() + number * STEP
        while time.perf_counter() < until:
            pass


def hello() -> Message:
    name, path = "org.freedesktop.DBus", "/org/freedesktop/DBus"
    return Message(name, path, name, "Hello", serial=1)


def _define(name: str) -> Message:
    return Message(
        "org.cloche.Engine1",
        "/org/cloche/Engine1",
        "org.cloche.Engine1.Manager",
        "Define",
        signature="ays",
        body=[shell(name), ""],
        serial=2,
    )


def marshalled(message: Message) -> bytes:
    return bytes(message._marshall(False))  # noqa: FBT003  # positional in dbus-fast


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
