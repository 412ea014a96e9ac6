"""The engine in memory: same contract, honest states, no privileges; for --demo and for tests."""

from __future__ import annotations

import asyncio
import itertools
import signal as signals
import socket
import time
from collections.abc import Callable
from dataclasses import replace

from cloche_engine.api.client import DEFAULT_INTERVAL, checked_grace, checked_interval, wrong_state
from cloche_engine.api.errors import (
    EngineError,
    InvalidArgumentError,
    StartFailedError,
    UnavailableError,
    UnsupportedError,
    WrongStateError,
)
from cloche_engine.api.fake_again import FakeAgain
from cloche_engine.api.fake_copies import FakeFiles
from cloche_engine.api.fake_looks import processes_of, report_of, stats_of
from cloche_engine.api.fake_programs import PROGRAMS, FakePipes
from cloche_engine.api.fake_session import FakeSession
from cloche_engine.api.fake_store import Entry, FakeStore
from cloche_engine.api.fake_templates import FakeTemplates
from cloche_engine.api.fake_viewer import last_words
from cloche_engine.api.model import (
    About,
    Change,
    Container,
    Copied,
    End,
    ExecRequest,
    Process,
    Removed,
    Samples,
    StartReport,
    State,
    Stats,
    StoredDefinition,
    sample_of,
)
from cloche_engine.api.networks import Network
from cloche_engine.api.version import VERSION

_FIRST_PID = 40_000


class FakeEngine:
    """Engine without a kernel: programs are a little shell, everything else is kept in memory."""

    def __init__(self) -> None:
        self._store = FakeStore()
        self._listeners: dict[int, Callable[[Change], None]] = {}
        self._lost_listeners: list[Callable[[], None]] = []
        self._keys = itertools.count()
        self._pids = itertools.count(_FIRST_PID, 7)
        self._start_errors: dict[str, EngineError] = {}
        self._closed = False
        self._watches: set[asyncio.Task[None]] = set()
        self._again = FakeAgain(lambda uuid: self._run(self._store.find(uuid)))
        self.templates = FakeTemplates(self._store.made_from)

    def refuse_start(self, ref: str, error: EngineError | None) -> None:
        """From now on a start of this container fails with `error`; None lifts that."""
        uuid = self._entry(ref).container.uuid
        if error is None:
            self._start_errors.pop(uuid, None)
        else:
            self._start_errors[uuid] = error

    def arrange(
        self,
        ref: str,
        state: State,
        *,
        exit_code: int | None = None,
        error: EngineError | None = None,
    ) -> Container:
        """Put a container straight into a state, as if it had got there by itself."""
        entry = self._entry(ref)
        live = state in {State.RUNNING, State.PAUSED, State.STOPPING}
        if live and entry.session is None:
            entry.stopping = False
            entry.session = FakeSession(
                entry.spec.effective_hostname, lambda code: self._ended(entry, code)
            )
        return self._update(
            entry,
            replace(
                entry.container,
                state=state,
                pid=next(self._pids) if live else None,
                started=time.time() if live else None,
                addresses=entry.container.static_addresses if live else (),
                exit_code=exit_code,
                ended=None if live else entry.container.ended,
                ended_at=None if live else entry.container.ended_at,
                error=error.message if error else "",
                hint=error.hint if error else "",
            ),
        )

    def lose(self) -> None:
        """Behave as if the helper had gone away."""
        self._closed = True
        listeners, self._lost_listeners = self._lost_listeners, []
        for listener in listeners:
            listener()

    async def about(self) -> About:
        """Version and kind of this engine."""
        self._check_open()
        return About(version=VERSION, private=False, directory="")

    async def networks(self) -> list[Network]:
        """The one that there is; nobody in memory has an address of it."""
        self._check_open()
        inside = tuple(
            (each.container.name, "")
            for each in self._store.all
            if each.container.state.is_live and any(one.is_managed for one in each.spec.interfaces)
        )
        return [Network("default", containers=tuple(sorted(inside)))]

    async def containers(self) -> list[Container]:
        """All containers, sorted by name."""
        self._check_open()
        every = (entry.container for entry in self._store.all)
        return sorted(every, key=lambda container: container.name)

    async def container(self, ref: str) -> Container:
        """One container."""
        return self._entry(ref).container

    async def define(self, text: bytes, etag: str = "") -> Container:
        """Store a definition; a new one where etag is empty, otherwise the one with this etag."""
        self._check_open()
        return self.put(text, etag)

    def put(self, text: bytes, etag: str = "") -> Container:
        """What define does, for those who build an engine before a loop runs."""
        entry = self._store.put(text, etag)
        return self._update(entry, entry.container)

    async def undefine(self, ref: str) -> None:
        """Remove the definition of a container that does not run."""
        entry = self._entry(ref)
        self._demand(entry, entry.container.state.can_delete, "deleted")
        self._store.remove(entry)
        self._tell(Removed(entry.container.uuid))

    async def definition(self, ref: str) -> StoredDefinition:
        """The stored bytes and their etag."""
        entry = self._entry(ref)
        return StoredDefinition(entry.text, entry.etag)

    async def start(self, ref: str) -> Container:
        """Start it; returns when its program runs."""
        entry = self._entry(ref)
        self._demand(entry, entry.container.state.can_start, "started")
        self._again.anew(entry.container.uuid)
        container = self._run(entry)
        if (error := self._start_errors.get(container.uuid)) is not None:
            raise error
        return container

    def _run(self, entry: Entry) -> Container:
        ref = entry.container.uuid
        self.arrange(ref, State.STARTING)
        error = self._start_errors.get(ref)
        entry.report = report_of(entry.spec, error)
        return self.arrange(ref, State.FAILED if error else State.RUNNING, error=error)

    async def stop(self, ref: str, grace: float | None = None) -> Container:
        """End its program; the little shell needs no kill."""
        checked_grace(grace)
        entry = self._entry(ref)
        self._demand(entry, entry.container.state.can_stop, "stopped")
        if entry.container.state is State.WAITING:
            return self._given_up(entry)
        self._update(entry, replace(entry.container, state=State.STOPPING))
        return self._end(entry, 128 + signals.SIGTERM)

    async def kill(self, ref: str, signal: int = 9) -> Container:
        """Send a signal to its init; all that mean an end, end it."""
        if signal not in set(signals.Signals):
            raise InvalidArgumentError(f"there is no signal {signal}", "use a number from 1 to 64")
        entry = self._entry(ref)
        self._demand(entry, entry.container.state.can_kill, "killed")
        if entry.container.state is State.WAITING:
            return self._given_up(entry)
        if signal in {signals.SIGKILL, signals.SIGTERM, signals.SIGHUP, signals.SIGQUIT}:
            return self._end(entry, 128 + signal)
        return entry.container

    async def pause(self, ref: str) -> Container:
        """Freeze its processes."""
        entry = self._entry(ref)
        self._demand(entry, entry.container.state.can_pause, "paused")
        return self._update(entry, replace(entry.container, state=State.PAUSED))

    async def resume(self, ref: str) -> Container:
        """Thaw its processes."""
        entry = self._entry(ref)
        self._demand(entry, entry.container.state.can_resume, "resumed")
        return self._update(entry, replace(entry.container, state=State.RUNNING))

    async def restart(self, ref: str, grace: float | None = None) -> Container:
        """Stop it where it runs, then start it."""
        if self._entry(ref).container.state.can_stop:
            await self.stop(ref, grace)
        return await self.start(ref)

    async def open_console(self, ref: str, rows: int, columns: int) -> socket.socket:
        """A socket with the frames of api.console; of an ended program its last words."""
        entry = self._entry(ref)
        if entry.session is None:
            return last_words(entry.last_output, entry.container.exit_code or 0)
        return entry.session.attach(rows, columns)

    async def exec(self, ref: str, request: ExecRequest) -> socket.socket:
        """Run one of the few programs that there are."""
        entry = self._entry(ref)
        if entry.session is None:
            raise WrongStateError(f"{entry.container.name!r} does not run", "start it first")
        if entry.container.state is State.PAUSED:
            raise WrongStateError(f"{entry.container.name!r} is paused", "resume it first")
        self._check_program(request)
        if request.terminal:
            session = FakeSession(entry.spec.effective_hostname, lambda _code: None, request.argv)
            entry.others.append(session)
            return session.attach(request.rows, request.columns)
        if request.stdio is None:
            raise InvalidArgumentError(
                "a program without a terminal needs three descriptors",
                "pass its input, output and error output, or ask for a terminal",
            )
        pipes = FakePipes(request.argv, request.stdio)
        entry.others.append(pipes)
        return pipes.socket

    async def copy_out(self, ref: str, path: str, sink: int) -> Copied:
        """Write what lies at a path inside to a pipe, as a tar stream."""
        return await self._files(ref).copy_out(path, sink)

    async def copy_in(self, ref: str, path: str, source: int) -> Copied:
        """Unpack a tar stream from a pipe into a folder inside."""
        return await self._files(ref).copy_in(path, source)

    def _files(self, ref: str) -> FakeFiles:
        entry = self._entry(ref)
        self._demand(entry, entry.container.state.can_kill, "copied from or into")
        if entry.files is None:
            entry.files = FakeFiles(entry.spec.effective_hostname)
        return entry.files

    async def logs(self, ref: str) -> bytes:
        """What the console said last."""
        entry = self._entry(ref)
        return entry.session.kept if entry.session else entry.last_output

    async def processes(self, ref: str) -> list[Process]:
        """Its program, and what was run in it besides."""
        entry = self._entry(ref)
        container = entry.container
        self._demand(entry, container.pid is not None, "looked into")
        return processes_of(entry)

    async def explain(self, ref: str) -> StartReport:
        """The last start; little is done in memory."""
        entry = self._entry(ref)
        if entry.report is None:
            raise WrongStateError(f"{entry.container.name!r} was never started", "start it first")
        said = b"" if entry.report.error else await self.logs(ref)
        return replace(self._again.told(entry.container.uuid, entry.report), console=said)

    async def stats(self, ref: str) -> Stats:
        """Usage as far as an engine in memory has any."""
        entry = self._entry(ref)
        container = entry.container
        self._demand(entry, container.state.can_kill, "measured")
        return stats_of(entry)

    async def watch(
        self, listener: Callable[[Samples], None], interval: float = DEFAULT_INTERVAL
    ) -> Callable[[], None]:
        """Samples of everything that runs."""
        self._check_open()
        task = asyncio.ensure_future(self._sample(listener, checked_interval(interval)))
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

        def end() -> None:
            task.cancel()

        return end

    async def _sample(self, listener: Callable[[Samples], None], interval: float) -> None:
        while True:
            found = []
            for entry in self._store.all:
                if entry.container.state.can_kill:
                    stats = await self.stats(entry.container.uuid)
                    found.append(sample_of(entry.container.uuid, time.monotonic(), stats))
            listener(tuple(found))
            await asyncio.sleep(interval)

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` at every change; the function returned ends that."""
        key = next(self._keys)
        self._listeners[key] = listener
        return lambda: self._listeners.pop(key, None) and None

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Call `listener` once when `lose` is called."""
        self._lost_listeners.append(listener)

    async def close(self) -> None:
        """Let go of all consoles; nothing runs after that."""
        self._closed = True
        self._again.close()
        self._listeners.clear()
        for task in list(self._watches):
            task.cancel()
        for entry in self._store.all:
            for program in (entry.session, *entry.others):
                if program is not None:
                    program.close()

    def _check_open(self) -> None:
        if self._closed:
            raise UnavailableError("the helper went away", "connect again")

    def _entry(self, ref: str) -> Entry:
        self._check_open()
        return self._store.find(ref)

    @staticmethod
    def _check_program(request: ExecRequest) -> None:
        if not request.argv or not request.argv[0]:
            raise InvalidArgumentError("no program is named", "name the program to run")
        if request.argv[0].rpartition("/")[2] not in PROGRAMS:
            raise StartFailedError(
                f"the program {request.argv[0]!r} does not exist in the container",
                f"there are only {', '.join(sorted(PROGRAMS))}",
                {"operation": "Execute", "name": "ENOENT"},
            )

    @staticmethod
    def _demand(entry: Entry, possible: bool, participle: str) -> None:
        if not possible:
            raise wrong_state(entry.container.name, entry.container.state, participle)

    def _given_up(self, entry: Entry) -> Container:
        self._again.forget(entry.container.uuid)
        return self._update(entry, replace(entry.container, state=State.STOPPED, error="", hint=""))

    def _end(self, entry: Entry, code: int) -> Container:
        if entry.session is None:
            raise UnsupportedError(f"{entry.container.name!r} has no program here")
        entry.stopping = True
        entry.session.end(code)
        return entry.container

    def _ended(self, entry: Entry, code: int) -> None:
        if entry.session is not None:
            entry.last_output = entry.session.kept
        entry.session = None
        for program in entry.others:
            program.close()
        entry.others.clear()
        ended = replace(
            entry.container,
            state=State.STOPPED,
            pid=None,
            addresses=(),
            exit_code=code,
            ended=End.STOP if entry.stopping else End.EXIT,
            ended_at=time.time(),
        )
        if entry.stopping:
            self._again.forget(ended.uuid)
        else:
            ended = self._again.after(ended, entry.spec)
        self._update(entry, ended)

    def _update(self, entry: Entry, container: Container) -> Container:
        entry.container = container
        self._tell(container)
        return container

    def _tell(self, change: Change) -> None:
        for listener in list(self._listeners.values()):
            listener(change)
