"""Mounts that come and go with a save, while the container runs."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cloche_engine.api.errors import EngineError, WrongStateError
from cloche_engine.core.compiling.mounts import Storage, compile_mounts
from cloche_engine.core.entry import Entry
from cloche_engine.core.lifecycle import Lifecycle
from cloche_engine.core.places import Places
from cloche_engine.definition.planning.mounts import can_change_live
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.monitor.protocol import Do, Fields
from cloche_engine.sandbox.plan.mounts import MountPlan

Change = tuple[str, MountPlan]
"""What to do, mount or unmount, with which mount."""


class LiveMounts:
    """Gives running containers the mounts that a new definition has besides, or no longer."""

    def __init__(self, lifecycle: Lifecycle, places: Places) -> None:
        self._lifecycle = lifecycle
        self._places = places

    @asynccontextmanager
    async def applied(self, entry: Entry, wanted: ContainerSpec) -> AsyncIterator[None]:
        """Apply what can be felt now; taken back where the block fails, or one of them."""
        done: list[Change] = []
        try:
            for change in self._changes(entry, wanted):
                await self._apply(entry, change)
                done.append(change)
            yield
        except BaseException:
            for do, mount in reversed(done):
                opposite = Do.UNMOUNT if do == Do.MOUNT else Do.MOUNT
                with contextlib.suppress(EngineError):  # why it was refused is what to tell
                    await self._apply(entry, (opposite, mount))
            raise

    def _changes(self, entry: Entry, wanted: ContainerSpec) -> list[Change]:
        """What goes first, then what comes, in document order."""
        present = entry.spec
        if present is None or entry.running is None:
            return []
        was, now = present.filesystems, wanted.filesystems
        old, new = self._plans(entry, present), self._plans(entry, wanted)
        live = [t for t in {**old, **new} if can_change_live(t, was, now)]
        gone: list[Change] = [(Do.UNMOUNT, old[t]) for t in live if t in old]
        come: list[Change] = [(Do.MOUNT, new[t]) for t in live if t in new]
        return [*reversed(gone), *come]

    def _plans(self, entry: Entry, spec: ContainerSpec) -> dict[str, MountPlan]:
        found = compile_mounts(spec, Storage(entry.uuid, self._places))
        return {mount.target: mount for mount in found}

    async def _apply(self, entry: Entry, change: Change) -> None:
        do, mount = change
        fields: Fields = {"do": do}
        if do == Do.MOUNT:
            fields["mount"] = dataclasses.asdict(mount)
        else:
            fields["target"] = mount.target
        try:
            await self._lifecycle.ask(entry, fields)
        except WrongStateError:  # it ended just now: its next start has them all
            return
        except EngineError as error:
            verb = "mounted on" if do == Do.MOUNT else "unmounted from"
            details = {"line": str(mount.line), "column": str(mount.column)} if mount.line else {}
            raise EngineError(
                f"nothing was saved: {mount.target} of {entry.name} cannot be {verb} while it "
                f"runs: {error.message}",
                "stop it first, or correct the mount",
                details,
            ) from error
