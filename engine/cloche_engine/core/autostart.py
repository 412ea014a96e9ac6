"""Containers that start with the computer: once after each boot, in order of name."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.core.entry import Entry
from cloche_engine.core.registry import Registry
from cloche_engine.monitor.record import boot_id, write_whole

_log = logging.getLogger("cloched")


class Autostart:
    """Starts what is marked; a helper that takes over amid it goes on where the last one was."""

    def __init__(
        self, registry: Registry, start: Callable[[Entry], Coroutine[None, None, object]]
    ) -> None:
        self._registry = registry
        self._start = start
        self._task: asyncio.Task[None] | None = None

    @property
    def _file(self) -> Path:
        return self._registry.places.directory / "autostart.json"

    def begin(self) -> None:
        """Start in the background what was not started since the boot."""
        boot = boot_id()
        left = self._left(boot)
        if left is None:
            every = self._registry.all()
            left = [entry.uuid for entry in every if entry.spec and entry.spec.autostart]
            self._keep(boot, left)
        if left:
            self._task = asyncio.ensure_future(self._run(boot, left))

    async def settle(self) -> None:
        """Return when all of them were started, or failed to."""
        if self._task is not None:
            await self._task

    def close(self) -> None:
        """Give up; the next helper goes on."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, boot: str, left: list[str]) -> None:
        wanted, failed = len(left), []
        while left:
            entry = self._registry.get(left[0])
            if entry is not None and entry.state.can_start:
                try:
                    await self._start(entry)
                except EngineError as error:
                    failed.append(entry.name)
                    _log.warning("%s was to start with the computer: %s", entry.name, error)
            left = left[1:]
            self._keep(boot, left)
        which = f"; not started: {', '.join(failed)}" if failed else ""
        _log.info("started with the computer: %d of %d%s", wanted - len(failed), wanted, which)

    def _left(self, boot: str) -> list[str] | None:
        """What is still to be started; None where nobody looked since the boot."""
        try:
            fields = json.loads(self._file.read_text())
            return list(fields["left"]) if fields["boot"] == boot else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _keep(self, boot: str, left: list[str]) -> None:
        try:
            write_whole(self._file, json.dumps({"boot": boot, "left": left}).encode())
        except OSError as error:
            _log.warning("cannot remember what was started with the computer: %s", error)
