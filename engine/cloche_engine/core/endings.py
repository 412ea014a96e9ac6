"""What the engine makes of the word that a container ended, and of a monitor that died."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.core.afterwards import Afterwards
from cloche_engine.core.entry import Entry
from cloche_engine.core.explaining.programs import LOADER_FAILED, library_missing
from cloche_engine.core.networks.network import ManagedNetwork
from cloche_engine.core.registry import Registry
from cloche_engine.core.starting import Starting
from cloche_engine.monitor.protocol import Fields


class Endings:
    """Brings entries up to date when their containers are gone."""

    def __init__(
        self,
        registry: Registry,
        starting: Starting,
        afterwards: Afterwards,
        network: ManagedNetwork,
    ) -> None:
        self._registry = registry
        self._network = network
        self._starting = starting
        self._afterwards = afterwards
        self._watchers: set[asyncio.Task[None]] = set()

    def ended(self, entry: Entry, ending: Fields | None) -> None:
        """A monitor said that its container ended, or died itself."""
        if entry.running is None:
            return  # the start that waits for this monitor deals with it
        if ending is None:
            self._go_on(self._after_lost_monitor(entry))
        elif ending["code"] == LOADER_FAILED:
            self._go_on(self._after_failed_loader(entry, ending))
        else:
            self._end(entry, ending)

    def _end(self, entry: Entry, ending: Fields | None, cause: EngineError | None = None) -> None:
        entry.end(ending, cause)
        plan = entry.last_plan
        if plan is not None:
            self._afterwards.decide(entry, plan.ending, ending)
        self._registry.changed(entry)
        if plan is not None and any(link.lasting for link in plan.links):
            self.settle_network()

    def settle_network(self) -> None:
        """Let go of what only the one needed that ended, or did not start; nobody waits."""
        self._go_on(self._network.settle())

    def _go_on(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._watchers.add(task)
        task.add_done_callback(self._watchers.discard)

    async def _after_failed_loader(self, entry: Entry, ending: Fields) -> None:
        cause = None
        if entry.running is not None:
            cause = await asyncio.to_thread(library_missing, entry.running.plan)
        self._end(entry, ending, cause)

    async def _after_lost_monitor(self, entry: Entry) -> None:
        if entry.running is not None:
            await self._starting.sweep(Path(entry.running.plan.runtime))
        self._end(entry, None)
