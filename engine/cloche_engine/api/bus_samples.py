"""Samples on the bus: a signal for those who asked, and who of a client asked for which."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from operator import attrgetter
from typing import Any

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Sample, Samples

SAMPLES_SIGNATURE = "ua(sdttutttttddd)"
"""Which watch it is for, and the fields of each sample in their order."""

_fields = attrgetter(*Sample.__slots__)


def samples_body(watch: int, samples: Samples) -> list[Any]:
    """The body of a signal."""
    return [watch, [list(_fields(sample)) for sample in samples]]


class Watches:
    """The watches of one client, by numbers that it chooses."""

    def __init__(self, end: Callable[[int], Awaitable[object]]) -> None:
        self._end = end
        self._numbers = itertools.count(1)
        self._listeners: dict[int, Callable[[Samples], None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def add(self, listener: Callable[[Samples], None]) -> int:
        """A number for a listener, before the helper knows of it: no sample is missed."""
        number = next(self._numbers)
        self._listeners[number] = listener
        return number

    def drop(self, number: int) -> None:
        """Forget a listener, and tell the helper."""
        if self._listeners.pop(number, None) is None:
            return
        task = asyncio.ensure_future(self._tell_end(number))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def forget(self, number: int) -> None:
        """Forget one that the helper refused."""
        self._listeners.pop(number, None)

    async def _tell_end(self, number: int) -> None:
        try:
            await self._end(number)
        except EngineError:  # the helper is gone, and its watches with it
            return

    def hear(self, body: list[Any]) -> None:
        """Pass a signal on."""
        listener = self._listeners.get(body[0])
        if listener is not None:
            listener(tuple(Sample(*fields) for fields in body[1]))

    async def close(self) -> None:
        """Wait until the helper knows of every end."""
        self._listeners.clear()
        await asyncio.gather(*self._ending, return_exceptions=True)
