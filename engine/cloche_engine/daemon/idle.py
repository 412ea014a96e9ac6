"""When a private helper may go: nobody is connected and nothing runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from dbus_fast import Message, MessageType

from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.client import Engine

_BUS = "org.freedesktop.DBus"
_PATH = "/org/freedesktop/DBus"


class IdleWatch:
    """Counts the other connections of the bus and watches the containers."""

    def __init__(self, bus: Connection, engine: Engine, on_look: Callable[[], None]) -> None:
        self._bus = bus
        self._engine = engine
        self._on_look = on_look
        self._clients: set[str] = set()

    async def begin(self) -> None:
        """Learn who is connected."""
        self._bus.add_message_handler(self._on_message)
        rule = f"type='signal',sender='{_BUS}',member='NameOwnerChanged'"
        await self._bus.call(Message(_BUS, _PATH, _BUS, "AddMatch", signature="s", body=[rule]))
        names = await self._bus.call(Message(_BUS, _PATH, _BUS, "ListNames"))
        self._clients.update(name for name in names.body[0] if self._is_client(name))

    async def until_idle(self, grace: float) -> None:
        """Return after `grace` seconds in which there were neither clients nor live containers."""
        since = time.monotonic()
        while time.monotonic() - since < grace:
            await asyncio.sleep(min(grace / 4, 5.0))
            self._on_look()
            if self._clients or await self._any_live():
                since = time.monotonic()

    async def _any_live(self) -> bool:
        return any(container.state.is_live for container in await self._engine.containers())

    def _is_client(self, name: str) -> bool:
        return name.startswith(":") and name != self._bus.unique_name

    def _on_message(self, message: Message) -> bool:
        if (
            message.message_type is MessageType.SIGNAL
            and message.sender == _BUS
            and message.member == "NameOwnerChanged"
        ):
            name, _, owner = message.body
            if self._is_client(name):
                (self._clients.add if owner else self._clients.discard)(name)
        return False
