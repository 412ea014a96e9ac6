"""Messages between the helper and a monitor: JSON packets, descriptors beside them.

helper                                 monitor
  | an order ------------------------->  |  the spawner makes a monitor for it
  | <-- {pid, ready} ------------------- |  it waits for a plan
  | the plan --------------------------> |  starts it
  |   or PREPARE… + the plan ----------> |  goes as far as nobody notices
  |   <-- {ready} ---------------------- |
  |   GO ------------------------------> |  starts it
  | <-- {ok, ...} or {error} ----------- |
  | {do, ...} + descriptors -----------> |
  | <-- {ok, ...} or {error} ----------- |
  | {do: console | exec} -------------> |  from here on this socket carries api.console frames
  | <-- {event: ended, ...} ------------ |  to every link that asked by {do: follow}
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from cloche_engine.kernel.sockets import MAX_PACKET, receive_packet, send_packet

VERSION = 1
MAX_PLAN = MAX_PACKET - 16 * 1024
"""Bytes of a plan; the launcher sends it on with what it did."""
SOCKET = "monitor"
STATE = "state.json"
INIT = "init.json"
SPARE = "spare-"
"""How the folder of a monitor begins that has no container yet."""


PREPARE, PREPARE_LINKED, GO = b"p", b"P", b"G"
"""How a packet begins that is no plan to be started at once; JSON begins otherwise."""


def group_name(parent: str, folder: str) -> str:
    """The control group of a spare, known by its folder's name before anything is there."""
    return f"{parent}/{folder.removeprefix(SPARE)}"


Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """A monitor that is wanted: its folder, and its container's rights where they are not usual.

    Where it is wanted at once nothing is rehearsed, which pays only while nobody waits.
    """

    folder: str
    rights: str = ""
    at_once: bool = False

    def packed(self) -> bytes:
        """One packet."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpacked(cls, packet: bytes) -> Order:
        """What packed made."""
        return cls(**json.loads(packet))


class Do(StrEnum):
    """What the helper may ask."""

    FOLLOW = "follow"
    SIGNAL = "signal"
    STOP = "stop"
    FREEZE = "freeze"
    THAW = "thaw"
    INIT = "init"
    LIMIT = "limit"
    MOUNT = "mount"
    UNMOUNT = "unmount"
    LINKS = "links"
    USAGE = "usage"
    LOGS = "logs"
    CONSOLE = "console"
    EXEC = "exec"


def send(link: socket.socket, fields: Fields, descriptors: tuple[int, ...] = ()) -> None:
    """One message."""
    send_packet(link, json.dumps(fields).encode(), descriptors)


def receive(link: socket.socket) -> tuple[Fields, list[int]] | None:
    """The next message, or None at the end; ValueError where it is none."""
    packet, descriptors = receive_packet(link)
    if not packet:
        return None
    fields: Fields = json.loads(packet)
    return fields, descriptors
