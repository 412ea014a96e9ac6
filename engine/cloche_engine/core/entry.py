"""One container as the engine knows it: its definition, what runs of it, and how it last ended."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Container, End, State
from cloche_engine.core.ending import kind_of, trouble_of
from cloche_engine.core.explaining.record import StartRecord, load_report
from cloche_engine.core.monitor_link import MonitorLink
from cloche_engine.core.store import Stored
from cloche_engine.definition.document import Document
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.monitor.protocol import Fields
from cloche_engine.sandbox.plan.launch import LaunchPlan


@dataclass(slots=True)
class Running:
    """A running container: the link to its monitor, and what the monitor said of it."""

    link: MonitorLink
    pid: int
    started: float
    plan: LaunchPlan


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan, its text, and all that they were made of which may change."""

    of: tuple[ContainerSpec, int, int]
    plan: LaunchPlan
    text: str


@dataclass(slots=True)
class Entry:
    """The engine's record of one container."""

    stored: Stored
    etag: str = ""
    spec: ContainerSpec | None = None
    state: State = State.STOPPED
    running: Running | None = None
    exit_code: int | None = None
    ended: End | None = None
    ended_at: float | None = None
    trouble: EngineError | None = None
    last_start: StartRecord | None = None
    last_plan: LaunchPlan | None = None
    compiled: Compiled | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def read(cls, stored: Stored) -> Entry:
        """The record for a stored definition, also for a damaged one."""
        entry = cls(stored)
        entry.replace(stored)
        return entry

    def replace(self, stored: Stored) -> None:
        """Take another definition; what runs goes on as it was started."""
        self.stored, self.etag = stored, stored.etag
        try:
            self.spec = Document.parse(stored.text).compiled()
        except DefinitionError as error:
            self.spec = None
            self.state = State.FAILED if not self.state.is_live else self.state
            self.trouble = EngineError(
                f"its definition is damaged: {error}", "mend it on the XML page"
            )

    @property
    def uuid(self) -> str:
        """32 hex digits."""
        return self.stored.uuid

    @property
    def name(self) -> str:
        """Its name, or its uuid where the definition cannot be read."""
        return self.spec.name if self.spec else self.uuid

    def view(self) -> Container:
        """What others see of it."""
        spec = self.spec
        return Container(
            uuid=self.uuid,
            name=self.name,
            state=self.state,
            title=(spec.title or "") if spec else "",
            pid=self.running.pid if self.running else None,
            exit_code=self.exit_code,
            started=self.running.started if self.running else None,
            addresses=self._addresses(),
            static_addresses=spec.addresses if spec else (),
            error=self.trouble.message if self.trouble else "",
            hint=self.trouble.hint if self.trouble else "",
            shares_host_root=spec.shares_host_root if spec else False,
            shares_host_network=spec.shares_host_network if spec else False,
            network_of=spec.network_of if spec else "",
            system=bool(spec and spec.system),
            privileged=bool(spec and spec.privileged),
            ended=self.ended,
            ended_at=self.ended_at,
            etag=self.etag,
        )

    def _addresses(self) -> tuple[str, ...]:
        """Those that it holds: while it does not run, somebody else may have them."""
        links = self.running.plan.links if self.running else ()
        return tuple(address for link in links for address in link.addresses)

    def begin(self, running: Running, state: State) -> None:
        """Its program runs."""
        self.running = running
        self.last_plan = running.plan
        self.state = state
        self.exit_code = None
        self.ended = self.ended_at = None
        self.trouble = None
        self.gone.clear()

    def fail(self, trouble: EngineError) -> None:
        """It did not start, or ended badly."""
        self.state = State.FAILED
        self.trouble = trouble

    def end(self, ending: Fields | None, cause: EngineError | None = None) -> None:
        """It ended; None where its monitor died and how is unknown. cause: why, if looked for."""
        self.running = None
        self.state = State.STOPPED
        self.trouble = None
        self._conclude(ending, cause)
        self.gone.set()

    def _conclude(self, ending: Fields | None, cause: EngineError | None = None) -> None:
        self.exit_code = ending["code"] if ending else None
        self.ended = kind_of(ending)
        self.ended_at = ending["at"] if ending else time.time()
        if trouble := cause or trouble_of(ending):
            self.fail(trouble)

    def wait(self, trouble: EngineError) -> None:
        """It ended and is started again after a while."""
        self.state = State.WAITING
        self.trouble = trouble

    def give_up(self) -> None:
        """It is not started again."""
        self.state = State.STOPPED
        self.trouble = None

    def recall(self, exit_record: Path, start_record: Path) -> Fields | None:
        """Remember how it ended, or failed to start, while no helper looked; the exit record."""
        try:
            ending: Fields = json.loads(exit_record.read_text())
            if self.spec is not None:
                self._conclude(ending)
        except (OSError, ValueError, KeyError, TypeError):
            ending = {}  # it never ran, or nobody can read how it ended
        last = load_report(start_record)
        if self.spec is None or last is None or last.at <= ending.get("at", 0):
            return ending or None
        if last.error:
            self.fail(EngineError(last.error, last.hint))
            return ending or None
        # It ran after that, and nobody was left to write how it ended: not even its monitor.
        self.exit_code, self.ended, self.ended_at = None, End.LOST, None
        self.state, self.trouble = State.STOPPED, None
        return None
