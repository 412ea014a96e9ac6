"""Who asked for samples: a signal goes to those alone, until they end it or leave the bus."""

from __future__ import annotations

from collections.abc import Callable

from dbus_fast import Message

from cloche_engine.api.bus_samples import SAMPLES_SIGNATURE, samples_body
from cloche_engine.api.client import Engine
from cloche_engine.api.errors import InvalidArgumentError
from cloche_engine.api.model import Samples
from cloche_engine.api.names import MANAGER, ROOT_PATH

MAX_WATCHES = 16
"""Of one caller; each makes the helper read the control groups anew."""


class Watching:
    """The watches of all callers, by caller and the number that it chose."""

    def __init__(self, engine: Engine, emit: Callable[[Message], None]) -> None:
        self._engine = engine
        self._emit = emit
        self._ends: dict[tuple[str, int], Callable[[], None]] = {}

    @property
    def callers(self) -> set[str]:
        """Who has any."""
        return {caller for caller, _ in self._ends}

    async def begin(self, caller: str, number: int, interval: float) -> None:
        """Send samples to a caller; InvalidArgumentError where it has that number already."""
        if (caller, number) in self._ends:
            raise InvalidArgumentError(f"there is a watch {number} already", "choose another")
        if sum(known == caller for known, _ in self._ends) >= MAX_WATCHES:
            raise InvalidArgumentError(f"{MAX_WATCHES} watches are enough", "end one of them")
        end = await self._engine.watch(lambda found: self._send(caller, number, found), interval)
        self._ends[caller, number] = end

    def end(self, caller: str, number: int) -> None:
        """End one, if there is such a one."""
        end = self._ends.pop((caller, number), None)
        if end is not None:
            end()

    def end_all(self, caller: str) -> None:
        """End all of a caller that left, or may not have them any more."""
        for known, number in [*self._ends]:
            if known == caller:
                self.end(known, number)

    def close(self) -> None:
        """End every one."""
        for known, number in [*self._ends]:
            self.end(known, number)

    def _send(self, caller: str, number: int, samples: Samples) -> None:
        message = Message.new_signal(
            ROOT_PATH, MANAGER, "Samples", SAMPLES_SIGNATURE, samples_body(number, samples)
        )
        message.destination = caller
        self._emit(message)
