"""The helper's connection to a monitor: requests in turn, and word of the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

from cloche_engine.api.errors import EngineError, WrongStateError
from cloche_engine.core.held_up import HeldUpError, unless_stopped
from cloche_engine.kernel.processes import is_stopped
from cloche_engine.kernel.sockets import connect_at
from cloche_engine.monitor.protocol import INIT, SOCKET, Fields, receive, send

Message = tuple[Fields, list[int]]
"""Fields, and the descriptors beside them."""


Ended = Callable[[Fields | None], None]
"""Called once, with the ending, or with None where the monitor died itself."""


class MonitorGoneError(Exception):
    """The monitor hung up."""


def connect(runtime: Path) -> socket.socket:
    """A fresh connection to the monitor of a runtime directory; OSError where none listens."""
    directory = os.open(runtime, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return connect_at(directory, SOCKET)
    finally:
        os.close(directory)


def monitor_of(runtime: Path) -> int:
    """The pid of the monitor of a runtime directory; 0 where nothing tells of one."""
    try:
        return int(json.loads((runtime / INIT).read_text())["monitor"])
    except (OSError, ValueError, KeyError):
        return 0


class MonitorLink:
    """Speaks with one monitor; `ended` is called once, with the ending, or with None if it died."""

    def __init__(self, link: socket.socket, runtime: Path, ended: Ended) -> None:
        link.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        self._link = link
        self._runtime = runtime
        self._ended = ended
        self.is_over = False
        self.ending: Fields | None = None
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[Message] | None = None
        self._unheard = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(link.fileno(), self._readable)

    async def request(self, fields: Fields) -> Message:
        """Ask and wait for the answer; EngineError where the kernel refused.

        HeldUpError where the monitor is stopped; when it goes on it does what it was asked.
        """
        async with self._turn:
            waiting = self._expect()
            try:
                send(self._link, fields)
            except OSError as error:
                waiting.cancel()
                raise MonitorGoneError from error
            answer, descriptors = await self._answered(waiting)
        if "error" in answer:
            refused = answer["error"]
            if refused.get("hint"):
                raise EngineError(refused["text"], refused["hint"])
            raise EngineError(f"the kernel refused it: {refused['text']}", "try again")
        return answer, descriptors

    async def _answered(self, waiting: asyncio.Future[Message]) -> Message:
        """The answer; it comes also where nobody waits any more, and is not the next one's then."""
        try:
            return await unless_stopped(waiting, lambda: monitor_of(self._runtime))
        except (asyncio.CancelledError, HeldUpError):
            self._unheard += 1
            raise

    async def first_word(self) -> Fields:
        """What a monitor says on its own after a start: ok, or error with the blame."""
        async with self._turn:
            return (await self._answered(self._expect()))[0]

    def close(self) -> None:
        """Hang up; the monitor goes on."""
        if self._link.fileno() >= 0:
            self._loop.remove_reader(self._link.fileno())
            self._link.close()

    def _expect(self) -> asyncio.Future[Message]:
        if self._link.fileno() < 0:
            raise MonitorGoneError
        self._answer = self._loop.create_future()
        return self._answer

    def _readable(self) -> None:
        try:
            message = receive(self._link)
        except BlockingIOError:
            return
        except (OSError, ValueError):
            message = None
        if message is None:
            self._gone(None)
        elif "event" in message[0]:
            self._gone(message[0])
        elif self._unheard:
            self._unheard -= 1
            _close(message[1])
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def _gone(self, ending: Fields | None) -> None:
        self.close()
        self.is_over, self.ending = True, ending
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(MonitorGoneError())
        self._ended(ending)


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


async def open_session(
    runtime: Path, fields: Fields, descriptors: tuple[int, ...] = ()
) -> socket.socket:
    """A socket that carries console frames from here on; HeldUpError where nobody would answer."""
    try:
        link = connect(runtime)
    except OSError as error:
        raise WrongStateError("the container ended just now", "start it first") from error
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(link.close)
        if is_stopped(monitor := monitor_of(runtime)):
            raise HeldUpError(monitor)
        send(link, fields, descriptors)
        on_failure.pop_all()
    return link
