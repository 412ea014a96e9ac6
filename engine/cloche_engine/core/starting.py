"""One start as the helper does it: compile, hand over to a waiting monitor, hear how it went."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

from cloche_engine.api.errors import EngineError, StartFailedError
from cloche_engine.core import recover
from cloche_engine.core.compiling.plan import compile_plan
from cloche_engine.core.entry import Compiled, Entry, Running
from cloche_engine.core.explaining.failure import start_failed
from cloche_engine.core.explaining.record import StartRecord, save_report
from cloche_engine.core.foresight import Foresight
from cloche_engine.core.held_up import HeldUpError
from cloche_engine.core.monitor_link import Ended, MonitorGoneError, MonitorLink, monitor_of
from cloche_engine.core.networks.network import ManagedNetwork
from cloche_engine.core.registry import Registry
from cloche_engine.core.sharing import Sharing
from cloche_engine.core.spawner import Spare, Spawner
from cloche_engine.core.wakefulness import Wakefulness
from cloche_engine.host.ids import NoIdsLeftError
from cloche_engine.kernel.refusal import call_of
from cloche_engine.kernel.sockets import send_packet
from cloche_engine.monitor.protocol import GO, MAX_PLAN, Fields
from cloche_engine.monitor.record import boot_id, write_state
from cloche_engine.sandbox.plan.launch import LaunchPlan

_AFTERWARDS = 0.03
"""Seconds after a start until its record goes to the disk, not to be in the way of the program."""


class Starting:
    """Makes a defined container run."""

    def __init__(self, registry: Registry, spawner: Spawner, network: ManagedNetwork) -> None:
        self._registry = registry
        self._spawner = spawner
        self._network = network
        self._sharing = Sharing(registry)
        self.foresight = Foresight(registry, spawner, network, self._compiled)
        self.wakefulness = Wakefulness()
        self._boot = boot_id()
        self._writing: set[asyncio.Task[None]] = set()

    async def launch(self, entry: Entry, record: StartRecord, ended: Ended) -> Running:
        """Start it; an EngineError with cause and remedy, and nothing left behind.

        What its network needs is its own to keep, or to let go of, once this returns.
        """
        self.wakefulness.ask()
        with record.step("compile the definition"), _named(entry.name):
            compiled = self._compiled(entry)
        with self._network.claimed(compiled.plan.links):
            return await self._launched(entry, compiled, record, ended)

    async def _launched(
        self, entry: Entry, compiled: Compiled, record: StartRecord, ended: Ended
    ) -> Running:
        plan = compiled.plan
        await self._make_room(Path(plan.runtime))
        if self._network.wants(plan.links):
            with record.step("prepare the network"), _named(plan.name):
                await self._network.prepare(plan.links)
        async with contextlib.AsyncExitStack() as lent:
            joined: list[int] = []
            if plan.rights.joined:
                with record.step("find the namespaces of others"), _named(plan.name):
                    joined = await lent.enter_async_context(self._opened(entry))
            lent.enter_context(self._spawner.busy())
            monitor, word = await self._begun(entry, compiled, record, joined, ended)
            record.told = word
        if "error" in word:
            monitor.close()
            text = entry.stored.text
            raise await asyncio.to_thread(start_failed, word["error"], plan, definition=text)
        return Running(monitor, word["pid"], word["started"], plan)

    def _opened(self, entry: Entry) -> contextlib.AbstractAsyncContextManager[list[int]]:
        return self._sharing.opened(entry.spec.namespaces if entry.spec else ())

    async def _begun(
        self,
        entry: Entry,
        compiled: Compiled,
        record: StartRecord,
        joined: list[int],
        ended: Ended,
    ) -> tuple[MonitorLink, Fields]:
        """A monitor that has the plan, and its first word.

        What was prepared may have been killed since: where that fails, it is made as any other.
        """
        with record.step("take a waiting monitor"):
            prepared = await self.foresight.take(entry, compiled)
            spare = prepared or await self._spawner.take(compiled.plan.rights, joined)
        if prepared is not None:
            with contextlib.suppress(StartFailedError):
                monitor, word = await self._told(entry, compiled, prepared, GO, record, ended)
                if word is not None and not _was_disturbed(word):
                    return monitor, word
                monitor.close()
            await self._make_room(Path(compiled.plan.runtime))
            with record.step("take another one"):
                spare = await self._spawner.take()
        plan, order = compiled.plan, compiled.text.encode()
        monitor, word = await self._told(entry, compiled, spare, order, record, ended)
        if word is None:
            text = f"{plan.name} did not start: the process that started it died"
            raise EngineError(text, "start it again")
        return monitor, word

    async def _told(
        self,
        entry: Entry,
        compiled: Compiled,
        spare: Spare,
        order: bytes,
        record: StartRecord,
        ended: Ended,
    ) -> tuple[MonitorLink, Fields | None]:
        """Let a spare go on, and hear how it went; None where it died, and nothing is left."""
        with record.step("hand over the plan"):
            link = await self._handed_over(compiled, spare, order)
        monitor = MonitorLink(link, Path(compiled.plan.runtime), ended)
        self._registry.changed(entry)  # told now: nobody shall wait for those who listen
        return monitor, await self._first_word(monitor, compiled.plan, spare)

    async def _first_word(
        self, monitor: MonitorLink, plan: LaunchPlan, spare: Spare
    ) -> Fields | None:
        try:
            return await monitor.first_word()
        except MonitorGoneError:
            await self.sweep(Path(plan.runtime))
            await spare.discard()
            return None
        except HeldUpError as error:
            await self._give_up(Path(plan.runtime), monitor)
            raise EngineError(
                f"{plan.name} did not start: {error.message}, and was ended", "start it again"
            ) from None

    async def _give_up(self, runtime: Path, monitor: MonitorLink) -> None:
        """End a start that is stopped; all of it dies with its monitor."""
        monitor.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(monitor_of(runtime), signal.SIGKILL)
        await self.sweep(runtime)

    async def _make_room(self, runtime: Path) -> None:
        """Clean up the last run where its monitor could not."""
        if runtime.exists():  # noqa: ASYNC240 (a look into memory; a thread would cost the start more)
            await self.sweep(runtime)

    async def _handed_over(self, compiled: Compiled, spare: Spare, order: bytes) -> socket.socket:
        try:
            return self._send(compiled, spare, order)
        except OSError as error:
            await spare.dismiss()
            await self._make_room(Path(compiled.plan.runtime))  # it may have its name already
            fields: Fields = {
                "step": "hand over the plan", "errno": error.errno or 0, "call": call_of(error),
                "text": error.strerror or str(error), "subject": str(error.filename or ""),
            }  # fmt: skip
            raise start_failed(fields, compiled.plan) from error

    def _send(self, compiled: Compiled, spare: Spare, order: bytes) -> socket.socket:
        """Give a spare monitor its plan, or word to go, and its folder the container's name."""
        write_state(spare.folder, compiled.text, self._boot)
        spare.folder.rename(compiled.plan.runtime)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send_packet(spare.link, order)
        return spare.link

    def _compiled(self, entry: Entry) -> Compiled:
        """Its plan, made anew where what it is made of is not as it was."""
        if entry.spec is None:
            raise EngineError("its definition is damaged", "mend it first")
        try:
            base = self._registry.ids.block_for(entry.uuid)
        except NoIdsLeftError as error:
            raise EngineError(str(error), "delete containers that you no longer need") from error
        network, known = self._network, entry.compiled
        if known is not None and known.of == (entry.spec, base, network.generation):
            return known
        plan = compile_plan(entry.spec, entry.uuid, base, self._registry.places, network)
        plan = self._sharing.with_nameservers(plan, entry.spec.namespaces)
        made = Compiled((entry.spec, base, network.generation), plan, plan.to_json())
        _refuse_what_no_packet_holds(made.text)
        # Who shares a network has its nameservers, whatever they are by then.
        entry.compiled = made if plan.rights.owns_network else None
        return made

    async def sweep(self, runtime: Path) -> None:
        """Undo what a dead monitor left."""
        for trace in recover.traces(runtime.parent):
            if trace.directory == runtime:
                await recover.undo(trace)

    def keep(self, entry: Entry, record: StartRecord) -> None:
        """Remember a start that is over, also for a helper to come; nobody waits for the disk."""
        entry.last_start = record
        writing = asyncio.ensure_future(self._save(entry, record))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def _save(self, entry: Entry, record: StartRecord) -> None:
        await asyncio.sleep(_AFTERWARDS)
        file = self._registry.places.start_record(entry.uuid)
        with contextlib.suppress(OSError):  # there is no space left: this helper knows it still
            await asyncio.to_thread(lambda: save_report(record.report(), file))
        if self._registry.get(entry.uuid) is None:  # it was removed meanwhile
            file.unlink(missing_ok=True)

    async def settle(self) -> None:
        """Wait until all that is to be kept is on the disk."""
        await asyncio.gather(*self._writing, return_exceptions=True)


def _was_disturbed(word: Fields) -> bool:
    """Whether a start failed in our own hands: a cause in the definition has a step or a limit.

    What is wrong with a program, a tree or a limit is so the second time too.
    """
    return "error" in word and word["error"]["operation"] == "Launcher"


def _refuse_what_no_packet_holds(plan: str) -> None:
    """A document of two bytes a letter says more than its size, and so do thousands of mounts."""
    if (size := len(plan.encode())) > MAX_PLAN:
        raise StartFailedError(
            f"its definition says too much: {size >> 10} KiB of arguments, variables and mounts, "
            f"where a start takes {MAX_PLAN >> 10} KiB",
            "shorten <arg> and <env>, or pass them in a file; name fewer filesystems",
        )


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of every refusal which container did not start, as of those that the monitor tells."""
    try:
        yield
    except EngineError as error:
        message = f"{name} did not start: {error.message}"
        raise type(error)(message, error.hint, error.details) from error
