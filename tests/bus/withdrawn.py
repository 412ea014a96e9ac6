"""What a user hears whose right is taken back: `python -m tests.bus.withdrawn BUS RULE STAYS GOES`.

Users STAYS and GOES list and watch; the file RULE, which lets GOES in, is removed; root makes
another container. Prints what each heard before that, and after GOES was told that he sees nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from dbus_fast import Message, MessageType
from tests.bus.every_method import called, connected_as
from tests.bus.world import shell

from cloche_engine.api.bus_link import connected
from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.names import CONTAINER, MANAGER, ROOT_PATH

_DBUS = "org.freedesktop.DBus"
_INTERVAL = 0.1


class Ear:
    """A connection that remembers which signals it gets."""

    def __init__(self, bus: Connection) -> None:
        self._bus = bus
        self.heard: list[str] = []
        self._more = asyncio.Event()
        bus.add_message_handler(self._on_message)

    def _on_message(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.sender != _DBUS:
            self.heard.append(str(message.member))
            self._more.set()

    async def begin(self) -> None:
        """Ask for the list and for samples."""
        for interface, member, signature, body in (
            ("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", []),
            (MANAGER, "Watch", "ud", [1, _INTERVAL]),
        ):
            reply = await self._bus.call(called(ROOT_PATH, interface, member, signature, body))
            assert reply.message_type is MessageType.METHOD_RETURN, reply.body

    async def until(self, *wanted: str) -> None:
        """Wait until these have come."""
        async with asyncio.timeout(20):
            while not set(wanted) <= set(self.heard):
                self._more.clear()
                await self._more.wait()

    async def all(self) -> list[str]:
        """What came since the last time: what was sent before this question was answered."""
        await self._bus.call(called(ROOT_PATH, "org.freedesktop.DBus.Peer", "Ping"))
        heard, self.heard = sorted(set(self.heard)), []
        return heard


async def main(address: str, rule: Path, users: list[int]) -> None:
    root = await connected(address)
    stays, goes = [Ear(await connected_as(user, address)) for user in users]
    for ear in (stays, goes):
        await ear.begin()
    made = await root.call(called(ROOT_PATH, MANAGER, "Define", "ays", [shell("one"), ""]))
    await root.call(called(made.body[0], CONTAINER, "Start"))
    for ear in (stays, goes):
        await ear.until("Samples", "PropertiesChanged")
    before = [await stays.all(), await goes.all()]
    rule.unlink()
    await goes.until("InterfacesRemoved")
    await goes.all()
    await stays.all()
    await root.call(called(ROOT_PATH, MANAGER, "Define", "ays", [shell("two"), ""]))
    await root.call(called(made.body[0], CONTAINER, "Kill", "i", [9]))
    await stays.until("InterfacesAdded", "PropertiesChanged", "Samples")
    after = [await stays.all(), await goes.all()]
    json.dump({"before": before, "after": after}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), list(map(int, sys.argv[3:]))))
