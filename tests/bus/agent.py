"""A caller with a polkit agent of its own: `python -m tests.bus.agent UID dismiss|vanish|cancel`.

`dismiss` closes the dialog of one call; `vanish` asks many things at once, never answers, and
leaves; `cancel` begins a job, never answers, and cancels it. Says as JSON what the caller got and
which dialogs were opened and withdrawn.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from dbus_fast import Message, MessageType, Variant

from cloche_engine.api.bus import BusEngine
from cloche_engine.api.bus_link import SYSTEM, connected
from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.errors import EngineError

_PATH = "/org/cloche/TestAgent"
_CALLS = 10


class Agent:
    """Answers for polkit in place of a person."""

    def __init__(self, bus: Connection, *, dismiss: bool) -> None:
        self._bus = bus
        self._dismiss = dismiss
        self.opened: list[tuple[str, str]] = []
        self.cookies: list[str] = []
        self.begun, self.withdrawn = asyncio.Event(), asyncio.Event()
        bus.add_message_handler(self._on_message)

    async def register(self) -> None:
        """Become the agent of this process."""
        stat = Path("/proc/self/stat").read_text().rpartition(") ")[2].split()
        subject = {
            "pid": Variant("u", os.getpid()),
            "start-time": Variant("t", int(stat[19])),
            "uid": Variant("i", os.getuid()),
        }
        reply = await self._bus.call(
            Message(
                "org.freedesktop.PolicyKit1",
                "/org/freedesktop/PolicyKit1/Authority",
                "org.freedesktop.PolicyKit1.Authority",
                "RegisterAuthenticationAgent",
                signature="(sa{sv})ss",
                body=[["unix-process", subject], "C.UTF-8", _PATH],
            )
        )
        assert reply.message_type is MessageType.METHOD_RETURN, reply.body

    def _on_message(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL or message.path != _PATH:
            return False
        if message.member == "CancelAuthentication":
            self.withdrawn.set()
            return Message.new_method_return(message)
        self.opened.append((message.body[0], message.body[1]))
        self.begun.set()
        if self._dismiss:
            name = "org.freedesktop.PolicyKit1.Error.Cancelled"
            return Message.new_error(message, name, "dismissed")
        return True


async def main(user: int, mode: str) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    bus = await connected(SYSTEM)
    agent = Agent(bus, dismiss=mode == "dismiss")
    await agent.register()
    engine = await BusEngine.connect()
    answers = await {"dismiss": _dismissed, "vanish": _vanished, "cancel": _cancelled}[mode](
        engine, agent
    )
    bus.disconnect()
    found = {"answers": answers, "opened": agent.opened, "withdrawn": agent.withdrawn.is_set()}
    sys.stdout.write(json.dumps(found))


async def _dismissed(engine: BusEngine, _agent: Agent) -> list[str]:
    try:
        await engine.start("one")
    except EngineError as error:
        return [f"{type(error).__name__} {error.message}"]
    finally:
        await engine.close()
    return ["allowed"]


async def _vanished(engine: BusEngine, agent: Agent) -> list[str]:
    calls = [asyncio.ensure_future(engine.start("one")) for _ in range(_CALLS)]
    await agent.begun.wait()
    await engine.about()
    await engine.close()
    await asyncio.wait_for(agent.withdrawn.wait(), 30)
    done = await asyncio.gather(*calls, return_exceptions=True)
    return [type(one).__name__ for one in done]


async def _cancelled(engine: BusEngine, agent: Agent) -> list[str]:
    job = asyncio.ensure_future(engine.templates.debootstrap("small", "bookworm"))
    await agent.begun.wait()
    job.cancel()
    await asyncio.wait_for(asyncio.wait({job}), 20)
    await asyncio.wait_for(agent.withdrawn.wait(), 20)
    left = await engine.templates.all()
    await engine.close()
    return ["cancelled" if job.cancelled() else str(job.exception()), *map(str, left)]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
