"""Starts prepared before anyone asks, for those that are likely to be started next.

Who was just defined or has just ended gets a spare of its own, once all other spares are there.
What others could notice waits for the start: no tree is opened, no link is on, no program runs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Change, Container
from cloche_engine.core.entry import Compiled, Entry
from cloche_engine.core.networks.network import ManagedNetwork
from cloche_engine.core.registry import Registry
from cloche_engine.core.spawner import Spare, Spawner

Compile = Callable[[Entry], Compiled]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A spare that has gone as far into a start as it could, and the plan that it has."""

    spare: Spare
    text: str


class Foresight:
    """Keeps some starts prepared, at most one for each two spares; `compile_` makes their plans."""

    def __init__(
        self, registry: Registry, spawner: Spawner, network: ManagedNetwork, compile_: Compile
    ) -> None:
        self._registry = registry
        self._spawner = spawner
        self._network = network
        self._compile = compile_
        self._most = spawner.wanted // 2
        self._expected: OrderedDict[str, None] = OrderedDict()
        self._prepared: OrderedDict[str, _Prepared] = OrderedDict()
        self._under_way: tuple[str, asyncio.Task[None]] | None = None
        if self._most:
            spawner.on_rest(self._go_on)
            registry.subscribe(self._changed)

    async def take(self, entry: Entry, compiled: Compiled) -> Spare | None:
        """What is prepared for a container, if that is still the plan; nothing is left if not.

        From here on until it ends nothing is prepared for it: the links would have one name.
        """
        self._expected.pop(entry.uuid, None)
        if self._under_way is not None and self._under_way[0] == entry.uuid:
            await asyncio.wait([self._under_way[1]])
        made = self._prepared.get(entry.uuid)
        if made is None:
            return None
        if made.text == compiled.text and not made.spare.is_gone:
            del self._prepared[entry.uuid]
            return made.spare
        await self.forget(entry.uuid)
        return None

    async def forget(self, uuid: str) -> None:
        """Have nothing prepared for a container any more."""
        self._expected.pop(uuid, None)
        if self._under_way is not None and self._under_way[0] == uuid:
            await asyncio.wait([self._under_way[1]])
        made = self._prepared.pop(uuid, None)
        if made is not None:
            await made.spare.dismiss()

    async def close(self) -> None:
        """Have nothing prepared for anybody."""
        self._most = 0
        self._expected.clear()
        if self._under_way is not None:
            await asyncio.wait([self._under_way[1]])
        await asyncio.gather(*map(self.forget, list(self._prepared)), return_exceptions=True)

    def _changed(self, change: Change) -> None:
        if isinstance(change, Container) and change.state.can_start and self._most:
            self._expected[change.uuid] = None
            self._expected.move_to_end(change.uuid)
            while len(self._expected) > self._most:
                self._expected.popitem(last=False)
            self._spawner.warm_up_soon()

    def _go_on(self) -> None:
        """All spares are there and no start is under way: prepare the next of those expected."""
        if self._under_way is not None or not self._expected:
            return
        uuid, _ = self._expected.popitem()
        task = asyncio.ensure_future(self._prepare(uuid))
        self._under_way = uuid, task
        task.add_done_callback(self._came)

    def _came(self, _: asyncio.Task[None]) -> None:
        self._under_way = None
        self._spawner.warm_up_soon()

    async def _prepare(self, uuid: str) -> None:
        with contextlib.suppress(EngineError, OSError):  # its start will say why
            compiled = self._possible(uuid)
            made = self._prepared.get(uuid)
            if compiled and made and made.text == compiled.text and not made.spare.is_gone:
                self._prepared.move_to_end(uuid)
                return
            if made is not None:
                del self._prepared[uuid]
                await made.spare.dismiss()
            if compiled is not None:
                await self._make(uuid, compiled)

    def _possible(self, uuid: str) -> Compiled | None:
        """The plan of a container that may be started and would find a spare fit for it."""
        entry = self._registry.get(uuid)
        if entry is None or entry.spec is None or not entry.state.can_start:
            return None
        if entry.spec.interfaces and not self._network.is_up:
            return None  # compiling it would choose the network's addresses
        compiled = self._compile(entry)
        return compiled if compiled.plan.rights.is_ordinary else None

    async def _make(self, uuid: str, compiled: Compiled) -> None:
        while self._prepared and len(self._prepared) >= self._most:
            _, oldest = self._prepared.popitem(last=False)
            await oldest.spare.dismiss()
        links = compiled.plan.links
        linked = all(link.lasting for link in links) and self._network.has_bridges(links)
        spare = await self._spawner.set_aside()
        if await spare.prepare(compiled.text, linked=linked):
            self._prepared[uuid] = _Prepared(spare, compiled.text)
        else:
            await spare.dismiss()
