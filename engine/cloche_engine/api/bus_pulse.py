"""Nobody waits for ever: while a call is under way, whoever has it is asked whether he answers.

A long call is no reason to give up. A helper or a message bus that is stopped (SIGSTOP) is told as
soon as it is found so; one that is only busy has half a minute.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dbus_fast import Message, MessageType

from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.names import ROOT_PATH
from cloche_engine.api.stopped import UnansweredError, is_stopped, stopped_error

BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
EVERY = 2.0
"""Seconds between two questions, while a call is under way."""
_LOOK = 1.0
_LOOKS = 30
_PATIENCE = 10.0


class Pulse:
    """Asks the helper, or the bus, by its own Ping; all calls to one share the question."""

    def __init__(self, bus: Connection) -> None:
        self._bus = bus
        self._bus_pid = 0
        self._questions: dict[str, asyncio.Task[None]] = {}

    async def begin(self) -> None:
        """Learn which process the bus is: once it is stopped it can say nothing."""
        self._bus_pid = await self._pid_of(BUS, _PATIENCE)

    async def until_answered(self, call: asyncio.Task[Message], destination: str) -> Message:
        """The reply; UnansweredError where its sender answers nothing else either."""
        while not call.done():
            await asyncio.wait({call}, timeout=EVERY)
            if not call.done():
                question = self._question(destination)
                await asyncio.wait({call, question}, return_when=asyncio.FIRST_COMPLETED)
                if not call.done():
                    question.result()
        return call.result()

    def _question(self, destination: str) -> asyncio.Task[None]:
        known = self._questions.get(destination)
        if known is None or known.done():
            known = self._questions[destination] = asyncio.ensure_future(self._ask(destination))
            known.add_done_callback(_noticed)
        return known

    async def _ask(self, destination: str) -> None:
        """Return at any answer; where the connection is gone, the call itself says so."""
        path = BUS_PATH if destination == BUS else ROOT_PATH
        ping = Message(destination, path, f"{BUS}.Peer", "Ping")
        answer = asyncio.ensure_future(self._bus.call(ping))
        answer.add_done_callback(_noticed)
        for _ in range(_LOOKS):
            if (await asyncio.wait({answer}, timeout=_LOOK))[0]:
                return
            if is_stopped(self._bus_pid):
                raise stopped_error("the message bus", self._bus_pid)
            pid = await self._pid_of(destination, _LOOK)
            if is_stopped(pid):
                raise stopped_error("cloched", pid)
        who = "the message bus" if destination == BUS else "cloched"
        raise UnansweredError(
            f"{who} has not answered for {_LOOK * _LOOKS:.0f} seconds",
            "try again; containers go on meanwhile",
        )

    async def _pid_of(self, name: str, patience: float) -> int:
        """The process with a name on the bus; 0 where the bus does not say."""
        member = "GetConnectionUnixProcessID"
        asked = asyncio.ensure_future(
            self._bus.call(Message(BUS, BUS_PATH, BUS, member, signature="s", body=[name]))
        )
        asked.add_done_callback(_noticed)
        await asyncio.wait({asked}, timeout=patience)
        if not asked.done() or asked.exception() is not None:
            return 0
        # dbus-fast types the reply as always there; it is None where we left the bus ourselves
        reply: Message | None = asked.result()
        if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
            return 0
        return int(reply.body[0])


def _noticed(task: asyncio.Task[Any]) -> None:
    """Its failure is told by whoever waits for it, if anybody does."""
    if not task.cancelled():
        task.exception()
