"""Storing a definition, and what of it a running container feels at once."""

from __future__ import annotations

import contextlib

from cloche_engine.api.errors import EngineError, WrongStateError
from cloche_engine.api.model import Container, State
from cloche_engine.core.entry import Entry
from cloche_engine.core.lifecycle import Lifecycle
from cloche_engine.core.live_mounts import LiveMounts
from cloche_engine.core.registry import Definition, Registry
from cloche_engine.core.relinking import Relinking
from cloche_engine.definition.document import Document
from cloche_engine.definition.planning.plan import make_plan
from cloche_engine.definition.spec import ContainerSpec

_LIMITS = ("cpu.", "memory.", "io_weight", "io_devices.", "processes", "rlimits.")
"""How the paths of what the kernel takes while a container runs begin."""

_MOUNTS = "filesystems."
_LINKS = "interfaces["

_FEELING = frozenset({State.STARTING, State.RUNNING, State.PAUSED})
"""Not one that ends: its turn may be long, and its limits matter no more."""


class Defining:
    """Applies what can be applied, then saves; neither happens where one is not possible."""

    def __init__(self, registry: Registry, lifecycle: Lifecycle, relinking: Relinking) -> None:
        self._registry = registry
        self._lifecycle = lifecycle
        self._mounts = LiveMounts(lifecycle, registry.places)
        self._relinking = relinking

    async def define(self, text: bytes, etag: str) -> Container:
        """Store a definition, new or in place of the one with this etag."""
        definition = self._registry.examine(text, etag)
        entry = definition.present
        if entry is None or not _changes(entry, definition, (*_LIMITS, _MOUNTS, _LINKS)):
            return self._registry.changed(self._registry.save(definition))
        async with entry.turn:
            definition = self._registry.examine(text, etag)
            async with (
                self._mounts.applied(entry, definition.spec),
                self._relinking.applied(entry, definition.spec),
            ):
                if _changes(entry, definition, _LIMITS):
                    return await self._limit_and_save(entry, text, etag)
                return self._registry.changed(self._registry.save(definition))

    async def _limit_and_save(self, entry: Entry, text: bytes, etag: str) -> Container:
        limited = await self._limit(entry, self._registry.examine(text, etag).spec)
        try:
            # Examined again: whoever changes no limit needs no turn, and may have saved meanwhile.
            self._registry.save(self._registry.examine(text, etag))
        except BaseException:
            if limited and entry.spec is not None:
                with contextlib.suppress(EngineError):  # why it was not saved is what to tell
                    await self._limit(entry, entry.spec)
            raise
        return self._registry.changed(entry)

    async def _limit(self, entry: Entry, spec: ContainerSpec) -> bool:
        """Whether something runs that has these limits now."""
        if entry.running is None:
            return False
        try:
            await self._lifecycle.limit(entry, spec)
        except WrongStateError:  # it ended just now, and has no use for limits
            return False
        return True


def _changes(entry: Entry, definition: Definition, paths: tuple[str, ...]) -> bool:
    """Whether a container feels it that runs, or is about to with what was stored before."""
    if entry.state not in _FEELING:
        return False
    plan = make_plan(Document.parse(entry.stored.text), definition.document, running=True)
    return any(step.path.startswith(paths) for step in plan.now)
