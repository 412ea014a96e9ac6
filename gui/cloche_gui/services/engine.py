"""The connection to the engine: made, watched, made again; its news as signals."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from PyQt6.QtCore import QObject, pyqtSignal

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError, RefusedError, UnavailableError
from cloche_engine.api.model import About, Change, Container
from cloche_engine.api.stopped import UnansweredError

FIRST_DELAY = 0.1
LONGEST_DELAY = 1.0
_READINGS_MOST = 10


class EngineService(QObject):
    """Keeps one engine connected as long as `run` runs."""

    connected = pyqtSignal(object)  # About
    listed = pyqtSignal(list)  # list[Container], after every connect
    changed = pyqtSignal(object)  # Change
    lost = pyqtSignal(object)  # UnansweredError, or None where it is gone; tries again by itself
    failed = pyqtSignal(object)  # EngineError; waits for retry()

    def __init__(self, connector: Callable[[], Awaitable[Engine]]) -> None:
        super().__init__()
        self._connector = connector
        self._engine: Engine | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        self._gone = asyncio.Event()
        self._problem: UnansweredError | None = None
        self._again = asyncio.Event()
        self._was_connected = False
        self._heard = 0

    @property
    def engine(self) -> Engine:
        """The engine; UnavailableError while there is none."""
        if self._engine is None:
            raise UnavailableError("The helper is not connected", "wait until it is back")
        return self._engine

    @property
    def is_connected(self) -> bool:
        """Whether calls can be made now."""
        return self._engine is not None

    def retry(self) -> None:
        """Try to connect at once."""
        self._again.set()

    def give_up(self, problem: UnansweredError) -> None:
        """Connect anew: a call has found that nobody answers over this connection."""
        if self.is_connected:
            self._problem = problem
            self._gone.set()

    async def run(self) -> None:
        """Connect, wait for the loss, connect again; until it is cancelled."""
        delay = FIRST_DELAY
        try:
            while True:
                if await self._attempt():
                    delay = FIRST_DELAY
                    await self._gone.wait()
                    await self.close()
                    self.lost.emit(self._problem)
                else:
                    await self._pause(delay)
                    delay = min(2 * delay, LONGEST_DELAY)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of the engine."""
        engine = self._engine
        self._let_go()
        if engine is not None:
            with contextlib.suppress(EngineError):
                await engine.close()

    async def _attempt(self) -> bool:
        try:
            await self._connect()
        except EngineError as error:
            await self.close()
            if not self._was_connected or isinstance(error, RefusedError):
                self._was_connected = False
                self.failed.emit(error)
                await self._again.wait()
            return False
        return True

    async def _connect(self) -> None:
        self._again.clear()
        self._gone.clear()
        self._problem = None
        engine = self._engine = await self._connector()
        engine.on_lost(self._gone.set)
        self._unsubscribe = engine.subscribe(self._hear)
        about: About = await engine.about()
        containers = await self._list(engine)
        self._was_connected = True
        self.connected.emit(about)
        self.listed.emit(containers)

    async def _list(self, engine: Engine) -> list[Container]:
        """All containers; read again where one changed while the answer was on its way."""
        heard, containers = self._heard, await engine.containers()
        for _ in range(_READINGS_MOST):
            if heard == self._heard:
                break
            heard, containers = self._heard, await engine.containers()
        return containers

    def _hear(self, change: Change) -> None:
        self._heard += 1
        self.changed.emit(change)

    async def _pause(self, delay: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._again.wait(), delay)

    def _let_go(self) -> None:
        self._unsubscribe()
        self._unsubscribe, self._engine = _nothing, None


def _nothing() -> None:
    """No subscription to end."""
