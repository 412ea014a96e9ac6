"""Another network for a container that runs, as far as it can have it without a start."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict, replace

from cloche_engine.api.errors import EngineError, WrongStateError
from cloche_engine.core.compiling.links import compile_links, merged
from cloche_engine.core.entry import Entry
from cloche_engine.core.lifecycle import Lifecycle
from cloche_engine.core.networks.network import ManagedNetwork
from cloche_engine.core.registry import Registry
from cloche_engine.definition.planning.network import felt_of
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.monitor.protocol import Do
from cloche_engine.sandbox.plan.links import LinkPlan


class Relinking:
    """Changes the links of running containers."""

    def __init__(self, registry: Registry, lifecycle: Lifecycle, network: ManagedNetwork) -> None:
        self._registry = registry
        self._lifecycle = lifecycle
        self._network = network

    @contextlib.asynccontextmanager
    async def applied(self, entry: Entry, spec: ContainerSpec) -> AsyncIterator[None]:
        """It has the links of a specification within, and afterwards unless something fails.

        EngineError where it cannot have them, and it keeps its own.
        """
        old = entry.running.plan.links if entry.running else ()
        new = self._wanted(entry, spec)
        if new == old:
            yield
            return
        try:
            await self._change(entry, new)
            yield
        except BaseException:
            with contextlib.suppress(EngineError):  # why it was not saved is what to tell
                await self._change(entry, old)
            raise
        finally:
            await self._network.settle()

    def _wanted(self, entry: Entry, spec: ContainerSpec) -> tuple[LinkPlan, ...]:
        if entry.running is None:
            return ()
        running = entry.running.plan.links
        if entry.spec is None:
            return running
        felt = replace(entry.spec, interfaces=felt_of(entry.spec.interfaces, spec.interfaces))
        instance = self._registry.places.instance
        return merged(running, compile_links(felt, entry.uuid, instance, self._network))

    async def _change(self, entry: Entry, links: tuple[LinkPlan, ...]) -> None:
        if entry.running is None or links == entry.running.plan.links:
            return
        with self._network.claimed(links):
            if self._network.wants(links):
                await self._network.prepare(links)
            try:
                await self._lifecycle.ask(
                    entry, {"do": Do.LINKS, "links": [asdict(link) for link in links]}
                )
            except WrongStateError:
                return  # it ended just now, and has no network
            except EngineError as error:
                raise EngineError(
                    f"the network of {entry.name} cannot be changed while it runs: {error.message}",
                    "stop it first, or choose other addresses",
                ) from error
            entry.running.plan = replace(entry.running.plan, links=links)
