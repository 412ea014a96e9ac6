"""Start, stop and what lies between, one action at a time per container."""

from __future__ import annotations

import asyncio
import contextlib
import signal as signals

from cloche_engine.api.client import checked_grace, wrong_state
from cloche_engine.api.errors import (
    EngineError,
    InvalidArgumentError,
    TimedOutError,
    WrongStateError,
)
from cloche_engine.api.model import Container, State
from cloche_engine.core.afterwards import Afterwards, Again
from cloche_engine.core.compiling.limits import compile_limits
from cloche_engine.core.endings import Endings
from cloche_engine.core.entry import Entry
from cloche_engine.core.explaining.record import StartRecord
from cloche_engine.core.following import Following
from cloche_engine.core.held_up import HeldUpError
from cloche_engine.core.monitor_link import MonitorGoneError
from cloche_engine.core.networks.network import ManagedNetwork
from cloche_engine.core.process_list import stuck
from cloche_engine.core.registry import Registry
from cloche_engine.core.spawner import Spawner
from cloche_engine.core.starting import Starting
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.monitor.protocol import Do, Fields

_AFTER_KILL = 10.0
"""Seconds in which what was killed has to end, and a start to be over that is under way; only what
waits for a disk takes longer."""


class Lifecycle:
    """Makes containers run and end."""

    def __init__(self, registry: Registry, spawner: Spawner, network: ManagedNetwork) -> None:
        self._registry = registry
        self._network = network
        self._starting = Starting(registry, spawner, network)
        self._afterwards = Afterwards(registry, self._start_again)
        self._endings = Endings(registry, self._starting, self._afterwards, network)
        self._following = Following(registry, self._afterwards, self._endings.ended)
        self._starts: set[asyncio.Task[Container]] = set()

    async def start(self, entry: Entry) -> Container:
        """Start it; StartFailedError with cause and remedy, and nothing left behind.

        It goes on where the caller gives up: the monitor cannot be called back.
        """
        started = asyncio.ensure_future(self._start(entry))
        self._starts.add(started)
        started.add_done_callback(self._starts.discard)
        return await asyncio.shield(started)

    async def _start(self, entry: Entry) -> Container:
        async with entry.turn:
            self._demand(entry, "can_start", "started")
            self._afterwards.forget(entry)
            await self._run(entry)
            return entry.view()

    def again(self, entry: Entry) -> Again:
        """How often it was started again since somebody started it."""
        return self._afterwards.of(entry)

    async def _start_again(self, entry: Entry) -> bool:
        """Start it if it still waits for that; whether it ran."""
        async with entry.turn:
            if entry.state is not State.WAITING:
                return False
            try:
                await self._run(entry)
            except EngineError as error:
                if entry.last_plan is not None:
                    self._afterwards.after_failed_start(entry, entry.last_plan.ending, error)
                    self._registry.changed(entry)
                return False
            return True

    async def _run(self, entry: Entry) -> None:
        entry.state = State.STARTING
        record = StartRecord()
        try:
            running = await self._starting.launch(
                entry, record, lambda ending: self._endings.ended(entry, ending)
            )
        except BaseException as error:
            record.trouble = error if isinstance(error, EngineError) else EngineError(
                "the start was interrupted", "start it again"
            )  # fmt: skip
            entry.fail(record.trouble)
            self._registry.changed(entry)
            self._endings.settle_network()
            raise
        finally:
            self._starting.keep(entry, record)
        entry.begin(running, State.RUNNING)
        self._registry.changed(entry)
        if running.link.is_over:  # so short was its life
            self._endings.ended(entry, running.link.ending)

    async def stop(self, entry: Entry, grace: float | None = None) -> Container:
        """Ask the init to end, kill it after the grace; returns when all is gone."""
        grace = checked_grace(grace)
        async with entry.turn:
            self._demand(entry, "can_stop", "stopped")
            if entry.state is State.WAITING:
                return self._given_up(entry)
            self._set(entry, State.STOPPING)
            if entry.running is not None:
                own = entry.running.plan.ending.stop_grace
                await self._tell(entry, {"do": Do.STOP, "grace": grace})
                await self._wait_for_end(entry, (own if grace is None else grace) + _AFTER_KILL)
            return entry.view()

    def _given_up(self, entry: Entry) -> Container:
        """What waits to be started again is not."""
        self._afterwards.give_up(entry)
        entry.give_up()
        return self._registry.changed(entry)

    async def kill(self, entry: Entry, number: int) -> Container:
        """Send a signal; with 9 wait until everything of it is gone."""
        if number not in range(1, signals.NSIG):
            raise InvalidArgumentError(
                f"there is no signal {number}", f"use a number from 1 to {signals.NSIG - 1}"
            )
        self._demand(entry, "can_kill", "killed")
        if entry.state is State.WAITING:
            return self._given_up(entry)
        if number == signals.SIGKILL:
            await self._kill_and_wait(entry)
        else:
            await self._signal(entry, number)
        return entry.view()

    async def _kill_and_wait(self, entry: Entry) -> None:
        await self._signal(entry, signals.SIGKILL)
        await self._wait_for_end(entry, _AFTER_KILL)

    async def _wait_for_end(self, entry: Entry, seconds: float) -> None:
        if entry.running is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(entry.gone.wait(), seconds)
        if entry.running is not None:
            which = ", ".join(stuck(entry.running)[:3]) or "a process of it"
            raise TimedOutError(
                f"{entry.name} was killed, but {which} does not end",
                "it may wait for a disk or network filesystem that does not answer",
            )

    async def freeze(self, entry: Entry, *, frozen: bool) -> Container:
        """Pause or resume it."""
        async with entry.turn:
            if frozen:
                self._demand(entry, "can_pause", "paused")
            else:
                self._demand(entry, "can_resume", "resumed")
            await self._ask(entry, {"do": Do.FREEZE if frozen else Do.THAW})
            self._set(entry, State.PAUSED if frozen else State.RUNNING)
            return entry.view()

    async def limit(self, entry: Entry, spec: ContainerSpec) -> None:
        """Give a running container the limits of a specification; EngineError where it cannot."""
        fields: Fields = {"do": Do.LIMIT, **compile_limits(spec).fields()}
        try:
            await self.ask(entry, fields)
        except WrongStateError:
            raise
        except EngineError as error:
            raise EngineError(
                f"the limits of {entry.name} cannot be changed while it runs: {error.message}",
                "stop it first, or choose others",
            ) from error

    async def restart(self, entry: Entry, grace: float | None) -> Container:
        """Stop it where it runs, then start it."""
        if entry.state.can_stop:
            await self.stop(entry, grace)
        return await self.start(entry)

    async def ask(self, entry: Entry, fields: Fields) -> tuple[Fields, list[int]]:
        """A request to the monitor of a running container; WrongStateError where none runs."""
        if entry.running is None:
            raise WrongStateError(f"{entry.name!r} does not run", "start it first")
        try:
            return await entry.running.link.request(fields)
        except MonitorGoneError:
            raise WrongStateError(f"{entry.name!r} ended just now", "start it first") from None

    async def _ask(self, entry: Entry, fields: Fields) -> None:
        await self.ask(entry, fields)

    async def _signal(self, entry: Entry, number: int) -> None:
        await self._tell(entry, {"do": Do.SIGNAL, "number": int(number)})

    async def _tell(self, entry: Entry, fields: Fields) -> None:
        """Ask the monitor for something that has no meaning any more once the init is gone."""
        with contextlib.suppress(WrongStateError):  # it is gone: that is what was wanted
            try:
                await self._ask(entry, fields)
            except EngineError as error:
                if isinstance(error, WrongStateError | HeldUpError):
                    raise
                # ESRCH: the init ended and its monitor is about to say so

    async def forget(self, entry: Entry) -> None:
        """Have nothing ready for its start."""
        await self._starting.foresight.forget(entry.uuid)

    async def find_again(self) -> None:
        """Find what runs since an earlier helper, undo what dead monitors left."""
        await self._following.find_again()
        await self._network.recover()

    async def release(self) -> None:
        """Hang up on every monitor; containers go on."""
        self._afterwards.close()
        under_way = [*self._starts, *self._afterwards.starts]
        if under_way:  # cut off here they would go on with nobody who knows of them
            await asyncio.wait(under_way, timeout=_AFTER_KILL)
        self._starting.wakefulness.close()
        await self._starting.foresight.close()
        await self._starting.settle()
        await self._network.close()
        for entry in self._registry.all():
            if entry.running is not None:
                entry.running.link.close()

    def _set(self, entry: Entry, state: State) -> None:
        entry.state = state
        self._registry.changed(entry)

    def _demand(self, entry: Entry, can: str, done: str) -> None:
        if not getattr(entry.state, can):
            raise wrong_state(entry.name, entry.state, done)
