"""A helper's beginning: what runs is followed again, what died is undone, what ended is known."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import State
from cloche_engine.core import recover
from cloche_engine.core.afterwards import Afterwards
from cloche_engine.core.compiling.ending import compile_ending
from cloche_engine.core.entry import Entry, Running
from cloche_engine.core.held_up import HeldUpError
from cloche_engine.core.monitor_link import MonitorGoneError, MonitorLink, connect
from cloche_engine.core.registry import Registry
from cloche_engine.host.cgroups.tree import detect, sweep
from cloche_engine.monitor.protocol import Do, Fields
from cloche_engine.monitor.record import is_of_this_boot, write_whole

Ended = Callable[[Entry, Fields | None], None]


class Following:
    """Finds containers of an earlier helper."""

    def __init__(self, registry: Registry, afterwards: Afterwards, ended: Ended) -> None:
        self._registry = registry
        self._afterwards = afterwards
        self._ended = ended

    async def find_again(self) -> None:
        """Find what runs since an earlier helper, undo what dead monitors left."""
        lost: dict[str, float] = {}
        for trace in list(recover.traces(self._registry.places.runtime)):
            entry = self._registry.get(trace.directory.name)
            if entry is not None and await self._follow(entry, trace):
                continue
            if trace.is_of_this_boot:
                lost[trace.directory.name] = trace.handed_over
            await recover.undo(trace)
        recover.remove_spares(self._registry.places.runtime)
        sweep(detect(), self._registry.places.groups)
        for entry in self._registry.all():
            if entry.running is None:
                self._recall(entry, lost.get(entry.uuid, 0.0))

    async def _follow(self, entry: Entry, trace: recover.Trace) -> bool:
        try:
            socket_ = connect(trace.directory)
        except OSError:
            return False
        link = MonitorLink(socket_, trace.directory, lambda ending: self._ended(entry, ending))
        try:
            word, _ = await link.request({"do": Do.FOLLOW})
        except MonitorGoneError:
            return False
        except HeldUpError:  # it has to hear of that when it goes on
            word = {"pid": trace.init, "started": trace.handed_over, "paused": False}
        running = Running(link, word["pid"], word["started"], trace.plan)
        entry.begin(running, State.PAUSED if word["paused"] else State.RUNNING)
        if link.is_over:  # it told of its end right after
            self._ended(entry, link.ending)
        return True

    def _recall(self, entry: Entry, lost: float) -> None:
        """Know how it ended; where no helper was told of that, what follows is decided now.

        lost: when that was started whose monitor is dead, 0 where none is.
        """
        places = self._registry.places
        ending = entry.recall(places.exit_record(entry.uuid), places.start_record(entry.uuid))
        if lost > (ending or {}).get("at", 0.0):
            entry.end(None)
            self._decide(entry, None)
        elif ending is not None and not ending.get("told", True) and is_of_this_boot(ending["at"]):
            self._decide(entry, ending)
            with contextlib.suppress(OSError):
                told = json.dumps({**ending, "told": True})
                write_whole(places.exit_record(entry.uuid), told.encode())
        else:
            self._afterwards.resume(entry)

    def _decide(self, entry: Entry, ending: Fields | None) -> None:
        with contextlib.suppress(EngineError):  # its definition was changed to what cannot be
            if entry.spec is not None:
                self._afterwards.decide(entry, compile_ending(entry.spec), ending)
