"""What follows the end of a container: nothing, or a new start after a pause that grows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cloche_engine.api.again import HINT, LONG_LIFE, LONGEST_PAUSE, pause, waiting_words
from cloche_engine.api.errors import EngineError
from cloche_engine.core.entry import Entry
from cloche_engine.core.registry import Registry
from cloche_engine.kernel import files
from cloche_engine.monitor.protocol import Fields
from cloche_engine.monitor.record import How, boot_id
from cloche_engine.sandbox.plan.ending import RESTART, EndingPlan


@dataclass(frozen=True, slots=True)
class Again:
    """How often it was started again within short lives; due: when next, and why.

    restarts are all since somebody started it, restarted_at and restart_cause those of the last
    one. Times are seconds since 1970.
    """

    boot: str
    tries: int = 0
    due: float | None = None
    why: str = ""
    restarts: int = 0
    restarted_at: float = 0.0
    restart_cause: str = ""


class Afterwards:
    """Starts again what its definition wants to go on; `start` tells whether it did."""

    def __init__(
        self, registry: Registry, start: Callable[[Entry], Coroutine[None, None, bool]]
    ) -> None:
        self._registry = registry
        self._start = start
        self._boot = boot_id()
        self._known: dict[str, Again] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._without_file: set[str] = set()
        self._closed = False

    def decide(self, entry: Entry, plan: EndingPlan, ending: Fields | None) -> None:
        """It ended, None where its monitor died: wait and start it again, or leave it."""
        how = _how(ending)
        if (ending or {}).get("wanted") or _action(plan, how, ending) != RESTART:
            self.give_up(entry)
            return
        known = self.of(entry)
        lived = (ending or {}).get("lived", 0.0)
        tries = 0 if lived >= LONG_LIFE else known.tries
        seconds = pause(tries, at_once=how is How.REBOOT)
        self._wait(entry, tries, seconds, _why(entry, how))

    def after_failed_start(self, entry: Entry, plan: EndingPlan, error: EngineError) -> None:
        """A start that nobody asked for failed: another try where crashes are to be followed."""
        if plan.on_crash == RESTART:
            tries = self.of(entry).tries
            self._wait(entry, tries, pause(tries), error.message)
        else:
            self.give_up(entry)

    def give_up(self, entry: Entry) -> None:
        """It is not to be started again; how often it was stays known."""
        known = self.of(entry)
        if not known.restarts:
            self.forget(entry)
            return
        self._cancel(entry)
        self._keep(entry, replace(known, tries=0, due=None))

    def forget(self, entry: Entry) -> None:
        """Somebody started it."""
        self._cancel(entry)
        self._known.pop(entry.uuid, None)
        if entry.uuid not in self._without_file:
            self._file(entry).unlink(missing_ok=True)
            self._without_file.add(entry.uuid)

    def resume(self, entry: Entry) -> None:
        """Go on where an earlier helper left it waiting."""
        known = self.of(entry)
        if known.due is not None and entry.state.can_start:
            seconds = max(0.0, min(known.due - time.time(), LONGEST_PAUSE))
            self._wait(entry, known.tries - 1, seconds, known.why or _why(entry, How.EXIT))

    def close(self) -> None:
        """Start nothing any more; the next helper goes on."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()

    @property
    def starts(self) -> frozenset[asyncio.Task[None]]:
        """Those that are under way."""
        return frozenset(self._tasks)

    def _wait(self, entry: Entry, tries: int, seconds: float, why: str) -> None:
        self._cancel(entry)
        due = time.time() + seconds
        self._keep(entry, replace(self.of(entry), tries=tries + 1, due=due, why=why))
        entry.wait(EngineError(waiting_words(why, due, tries + 1), HINT))
        if not self._closed:
            loop = asyncio.get_running_loop()
            self._timers[entry.uuid] = loop.call_later(seconds, self._go_on, entry)

    def _go_on(self, entry: Entry) -> None:
        self._timers.pop(entry.uuid, None)
        task = asyncio.ensure_future(self._started(entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _started(self, entry: Entry) -> None:
        before, ran = self.of(entry), False
        with contextlib.suppress(EngineError):  # shown as the state of the container
            ran = await self._start(entry)
        known = now = self.of(entry)
        if before.due is not None and known.due == before.due:
            now = replace(now, due=None)  # sooner, and a helper killed amid it forgets it
        if ran:
            now = replace(now, restarts=known.restarts + 1, restarted_at=time.time(),
                          restart_cause=before.why)  # fmt: skip
        if now != known:
            self._keep(entry, now)

    def of(self, entry: Entry) -> Again:
        """What is known of its starts since somebody started it."""
        found = self._known.get(entry.uuid)
        if found is None and entry.uuid not in self._without_file:
            found = _read(self._file(entry))
        return found if found and found.boot == self._boot else Again(self._boot)

    def _keep(self, entry: Entry, again: Again) -> None:
        self._known[entry.uuid] = again
        self._without_file.discard(entry.uuid)
        file = self._file(entry)
        with contextlib.suppress(OSError):  # no space left: this helper knows it still
            file.unlink(missing_ok=True)  # to rename one over it would wait for the disk
            files.write_new(str(file), json.dumps(asdict(again)))

    def _cancel(self, entry: Entry) -> None:
        timer = self._timers.pop(entry.uuid, None)
        if timer is not None:
            timer.cancel()

    def _file(self, entry: Entry) -> Path:
        return self._registry.places.again_record(entry.uuid)


def _read(file: Path) -> Again | None:
    try:
        return Again(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _how(ending: Fields | None) -> How:
    return How((ending or {}).get("how", How.EXIT))


def _action(plan: EndingPlan, how: How, ending: Fields | None) -> str:
    if how is How.REBOOT:
        return plan.on_reboot
    is_clean = ending is not None and how is How.EXIT and ending["code"] == 0
    return plan.on_poweroff if is_clean or how is How.POWEROFF else plan.on_crash


def _why(entry: Entry, how: How) -> str:
    if entry.trouble is not None:
        return entry.trouble.message
    match how:
        case How.REBOOT:
            return "it restarts itself"
        case How.POWEROFF:
            return "it shut down"
        case _:
            return f"its program ended with status {entry.exit_code or 0}"
