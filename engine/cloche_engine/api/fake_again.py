"""Restart policies of the engine in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from cloche_engine.api.again import HINT, LONG_LIFE, pause, waiting_words
from cloche_engine.api.model import Container, StartReport, State
from cloche_engine.definition.spec import ContainerSpec


class FakeAgain:
    """Starts containers again whose definitions want it; `start` is given the uuid."""

    def __init__(self, start: Callable[[str], object]) -> None:
        self._start = start
        self._tries: dict[str, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._done: dict[str, tuple[int, float, str]] = {}

    def after(self, container: Container, spec: ContainerSpec) -> Container:
        """A container that just ended by itself, as it is then: stopped, or waiting."""
        action = spec.on_crash if container.exit_code else spec.on_poweroff
        if action != "restart":
            self.forget(container.uuid)
            return container
        lived = time.time() - (container.started or 0.0)
        tries = 0 if lived >= LONG_LIFE else self._tries.get(container.uuid, 0)
        seconds = pause(tries)
        self._tries[container.uuid] = tries + 1
        loop = asyncio.get_running_loop()
        why = f"its program ended with status {container.exit_code or 0}"
        self._timers[container.uuid] = loop.call_later(seconds, self._go_on, container.uuid, why)
        words = waiting_words(why, time.time() + seconds, tries + 1)
        return replace(container, state=State.WAITING, error=words, hint=HINT)

    def forget(self, uuid: str) -> None:
        """Start it no more."""
        self._tries.pop(uuid, None)
        timer = self._timers.pop(uuid, None)
        if timer is not None:
            timer.cancel()

    def anew(self, uuid: str) -> None:
        """Somebody starts it."""
        self.forget(uuid)
        self._done.pop(uuid, None)

    def told(self, uuid: str, report: StartReport) -> StartReport:
        """A report with how often it was started again since then."""
        restarts, at, cause = self._done.get(uuid, (0, 0.0, ""))
        return replace(report, restarts=restarts, restarted_at=at, restart_cause=cause)

    def _go_on(self, uuid: str, why: str) -> None:
        often, *_ = self._done.get(uuid, (0,))
        self._done[uuid] = (often + 1, time.time(), why)
        self._start(uuid)

    def close(self) -> None:
        """Start nothing any more."""
        for uuid in list(self._timers):
            self.forget(uuid)
