"""What users hear on a bus without being told: `python -m tests.bus.listeners BUS UID…`.

Each asks for every signal and for the list, and looks at the tree, while root makes, starts, kills
and removes a container. Prints what each was answered and heard.
"""

from __future__ import annotations

import asyncio
import json
import sys
import xml.etree.ElementTree as ET
from typing import Any

from dbus_fast import Message, MessageType
from tests.bus.every_method import called, connected_as
from tests.bus.world import shell

from cloche_engine.api.bus_link import connected
from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.names import CONTAINER, CONTAINERS_PATH, MANAGER, ROOT_PATH

_DBUS = "org.freedesktop.DBus"


class Listener:
    """A connection that wants to hear everything."""

    def __init__(self, bus: Connection) -> None:
        self._bus = bus
        self._heard: list[str] = []
        bus.add_message_handler(self._on_message)

    def _on_message(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.sender != _DBUS:
            self._heard.append(str(message.member))

    async def begin(self) -> str:
        """The error that the list gets, or nothing."""
        for rule in ("type='signal'", "type='signal',eavesdrop='true'"):
            rules = Message(
                _DBUS, "/org/freedesktop/DBus", _DBUS, "AddMatch", signature="s", body=[rule]
            )
            await self._bus.call(rules)
        listed = await self._bus.call(
            called(ROOT_PATH, f"{_DBUS}.ObjectManager", "GetManagedObjects")
        )
        return listed.error_name or ""

    async def nodes(self) -> int:
        """How many containers the tree shows."""
        shown = await self._bus.call(
            called(CONTAINERS_PATH, f"{_DBUS}.Introspectable", "Introspect")
        )
        return len(ET.fromstring(shown.body[0]).findall("node"))  # noqa: S314  # our own helper's

    async def heard(self) -> list[str]:
        """All signals so far: those sent before this question was answered have come."""
        await self._bus.call(called(ROOT_PATH, f"{_DBUS}.Peer", "Ping"))
        return self._heard


async def main(address: str, users: list[int]) -> None:
    root = await connected(address)
    listeners = {user: Listener(await connected_as(user, address)) for user in users}
    found: dict[int, dict[str, Any]] = {}
    for user, listener in listeners.items():
        found[user] = {"error": await listener.begin()}
    made = await root.call(called(ROOT_PATH, MANAGER, "Define", "ays", [shell("told"), ""]))
    for member in ("Start", "Kill"):
        signature, body = ("i", [9]) if member == "Kill" else ("", [])
        await root.call(called(made.body[0], CONTAINER, member, signature, body))
    for user, listener in listeners.items():
        found[user]["nodes"] = await listener.nodes()
    await root.call(called(made.body[0], CONTAINER, "Undefine"))
    for user, listener in listeners.items():
        found[user]["heard"] = await listener.heard()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], list(map(int, sys.argv[2:]))))
