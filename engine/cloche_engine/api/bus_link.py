"""A client's connection to the helper: calls that end in typed errors, signals, and its loss."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dbus_fast import Message, MessageFlag, MessageType
from dbus_fast.errors import (
    AuthError,
    AuthTimeoutError,
    InvalidAddressError,
)

from cloche_engine.api.bus_pulse import BUS, BUS_PATH, Pulse
from cloche_engine.api.bus_socket import Connection, close_descriptors
from cloche_engine.api.bus_values import HELPER_GONE, HELPER_GONE_HINT, error_from
from cloche_engine.api.errors import InvalidArgumentError, RefusedError, UnavailableError
from cloche_engine.api.names import BUS_NAME

SYSTEM = "system"
_REPLY_LIMIT = 32 * 1024 * 1024
_OWNER_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """One method call; interactive allows a password dialog."""

    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[Any, ...] = ()
    descriptors: tuple[int, ...] = ()
    interactive: bool = True
    destination: str = BUS_NAME


class Link:
    """Calls to the helper and signals from it; nobody else's signals come through."""

    def __init__(self, bus: Connection) -> None:
        self._bus = bus
        self._pulse = Pulse(bus)
        self._owner = ""
        self._owned = asyncio.Event()
        self._lost = False
        self._closed = False
        self._lost_listeners: list[Callable[[], None]] = []
        self.on_signal: Callable[[Message], None] = lambda _message: None
        bus.add_message_handler(self._on_message)
        self._watch = asyncio.ensure_future(self._watch_connection())

    @classmethod
    async def open(cls, address: str = SYSTEM) -> Link:
        """Connect to a bus and wait until the helper is on it."""
        bus = await connected(address)
        link = cls(bus)
        try:
            await link._begin(activatable=address == SYSTEM)
        except BaseException:
            await link.close()
            raise
        return link

    async def _begin(self, *, activatable: bool) -> None:
        rule = f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{BUS_NAME}'"
        await asyncio.gather(self._pulse.begin(), self._bus_call("AddMatch", "s", rule))
        if not await self._find_owner():
            if activatable:
                await self._bus_call("StartServiceByName", "su", BUS_NAME, 0)
            await self._wait_for_owner()

    async def _find_owner(self) -> bool:
        try:
            reply = await self._bus_call("GetNameOwner", "s", BUS_NAME)
        except UnavailableError:
            return False
        self._owner = reply.body[0]
        return True

    async def _wait_for_owner(self) -> None:
        if self._owner:
            return
        try:
            await asyncio.wait_for(self._owned.wait(), _OWNER_WAIT)
        except TimeoutError:
            raise UnavailableError(
                "the bus is there, but no helper is on it",
                "end the process that holds this bus, then try again",
            ) from None

    async def _bus_call(self, member: str, signature: str, *body: Any) -> Message:
        request = Request(BUS_PATH, BUS, member, signature, body, destination=BUS)
        return await self.call(request)

    async def call(self, request: Request) -> Message:
        """The reply to a request; errors are subclasses of EngineError."""
        if self._lost or self._closed or not self._bus.connected:
            raise UnavailableError(HELPER_GONE, HELPER_GONE_HINT)
        task = asyncio.ensure_future(self._sent(request))
        try:
            reply = await self._pulse.until_answered(task, request.destination)
        except BaseException:
            task.add_done_callback(_drop_reply)
            raise
        if reply.message_type is MessageType.ERROR:
            close_descriptors(reply)
            raise error_from(reply)
        return reply

    async def _sent(self, request: Request) -> Message:
        if unfit := _unfit(request.body):
            raise InvalidArgumentError(f"an argument holds {unfit}", "take that out")
        message = _message(request)
        try:
            # dbus-fast types the reply as always there; it is None where we left the bus ourselves
            reply: Message | None = await self._bus.call(message)
        except (OSError, EOFError) as error:
            raise UnavailableError(HELPER_GONE, HELPER_GONE_HINT) from error
        except (ValueError, TypeError, OverflowError, struct.error) as error:
            raise InvalidArgumentError(
                f"an argument of this call is wrong: {error}", "use a value in its range"
            ) from error
        if reply is None:
            raise UnavailableError(HELPER_GONE, HELPER_GONE_HINT)
        return reply

    def _on_message(self, message: Message) -> bool:
        if message.message_type is not MessageType.SIGNAL:
            return False
        close_descriptors(message)
        if message.sender == BUS and message.member == "NameOwnerChanged":
            self._on_owner(message.body[0], message.body[2])
        elif message.sender == self._owner:
            self.on_signal(message)
        return False

    def _on_owner(self, name: str, owner: str) -> None:
        if name != BUS_NAME:
            return
        if not self._owner:
            self._owner = owner
            self._owned.set()
        elif owner != self._owner:
            self._lose()

    async def _watch_connection(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        self._lose()

    def _lose(self) -> None:
        if self._lost or self._closed:
            return
        self._lost = True
        listeners, self._lost_listeners = self._lost_listeners, []
        for listener in listeners:
            listener()

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Call `listener` once when the helper or the bus is gone; soon, where it is already."""
        if self._lost:
            asyncio.get_running_loop().call_soon(listener)
        else:
            self._lost_listeners.append(listener)

    async def close(self) -> None:
        """Leave the bus; pending calls end in UnavailableError."""
        self._closed = True
        self._bus.disconnect()
        await self._watch


async def connected(address: str, limit: int = _REPLY_LIMIT) -> Connection:
    """A connection to the system bus or to the one at an address; larger bodies are dropped."""
    bus = Connection(None if address == SYSTEM else address, limit)
    try:
        await bus.connect()
    except PermissionError as error:
        raise RefusedError(
            "this bus is another user's", "use a helper of your own, or the system's"
        ) from error
    except AuthTimeoutError as error:
        raise UnavailableError(
            "the message bus does not answer",
            "look by `ps -C dbus-daemon -o pid,stat` whether it is stopped (T): kill -CONT PID",
        ) from error
    except (AuthError, EOFError) as error:
        raise RefusedError(
            "the bus does not let you in", "use a helper of your own, or the system's"
        ) from error
    except (OSError, InvalidAddressError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else str(error)
        raise UnavailableError(
            f"cannot reach the message bus: {reason}",
            "start the system's message bus, or use `--connect private:DIR`",
        ) from error
    return bus


def _message(request: Request) -> Message:
    flags = MessageFlag.NONE
    if request.interactive:
        flags = MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION
    return Message(
        destination=request.destination,
        path=request.path,
        interface=request.interface,
        member=request.member,
        flags=flags,
        signature=request.signature,
        body=list(request.body),
        unix_fds=list(request.descriptors),
    )


def _unfit(value: Any) -> str:
    """What text in a body would make the bus close the connection, in words."""
    if isinstance(value, str):
        if "\0" in value:
            return "a NUL character"
        return "" if _is_unicode(value) else "bytes that are no text in UTF-8"
    if isinstance(value, list | tuple):
        return next(filter(None, map(_unfit, value)), "")
    return ""


def _is_unicode(text: str) -> bool:
    """False for what Python makes of file names and arguments that are in no known encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _drop_reply(task: asyncio.Task[Message]) -> None:
    if not task.cancelled() and not task.exception():
        close_descriptors(task.result())
