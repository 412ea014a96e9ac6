"""Storing a definition, and what of it a running container feels at once."""

from __future__ import annotations

from cloche_engine.api.model import Container
from cloche_engine.core.entry import Entry
from cloche_engine.core.lifecycle import Lifecycle
from cloche_engine.core.registry import Definition, Registry
from cloche_engine.definition.document import Document
from cloche_engine.definition.planning.plan import make_plan

_LIMITS = frozenset({"cpu.shares", "memory.max_kib"})
"""What the kernel takes while a container runs."""


class Defining:
    """Applies what can be applied, then saves; neither happens where one is not possible."""

    def __init__(self, registry: Registry, lifecycle: Lifecycle) -> None:
        self._registry = registry
        self._lifecycle = lifecycle

    async def define(self, text: bytes, etag: str) -> Container:
        """Store a definition, new or in place of the one with this etag."""
        definition = self._registry.examine(text, etag)
        entry = definition.present
        if entry is None or not _changes_limits(entry, definition):
            return self._registry.changed(self._registry.save(definition))
        async with entry.turn:
            return await self._limit_and_save(entry, self._registry.examine(text, etag))

    async def _limit_and_save(self, entry: Entry, definition: Definition) -> Container:
        before = entry.spec
        if entry.running is not None:
            await self._lifecycle.limit(entry, definition.spec)
        try:
            self._registry.save(definition)
        except BaseException:
            if entry.running is not None and before is not None:
                await self._lifecycle.limit(entry, before)
            raise
        return self._registry.changed(entry)


def _changes_limits(entry: Entry, definition: Definition) -> bool:
    """Whether a container that runs feels it."""
    if entry.running is None:
        return False
    plan = make_plan(Document.parse(entry.stored.text), definition.document, running=True)
    return any(step.path in _LIMITS for step in plan.now)
