"""One container as the engine knows it: its definition, what runs of it, and how it last ended."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import Signals

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Container, State
from cloche_engine.core.explaining.record import StartRecord
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


@dataclass(slots=True)
class Entry:
    """The engine's record of one container."""

    stored: Stored
    spec: ContainerSpec | None = None
    state: State = State.STOPPED
    running: Running | None = None
    exit_code: int | None = None
    trouble: EngineError | None = None
    last_start: StartRecord | None = None
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
        self.stored = stored
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
            error=self.trouble.message if self.trouble else "",
            hint=self.trouble.hint if self.trouble else "",
            shares_host_root=spec.shares_host_root if spec else False,
            system=bool(spec and spec.system),
            privileged=bool(spec and spec.privileged),
        )

    def _addresses(self) -> tuple[str, ...]:
        """Those that it has while it runs, otherwise those that its definition gives it."""
        if self.running:
            return tuple(a for link in self.running.plan.links for a in link.addresses)
        return tuple(a for one in self.spec.interfaces for a in one.addresses) if self.spec else ()

    def begin(self, running: Running, state: State) -> None:
        """Its program runs."""
        self.running = running
        self.state = state
        self.exit_code = None
        self.trouble = None
        self.gone.clear()

    def fail(self, trouble: EngineError) -> None:
        """It did not start, or ended badly."""
        self.state = State.FAILED
        self.trouble = trouble

    def end(self, ending: Fields | None, cause: EngineError | None = None) -> None:
        """It ended; None where its monitor died and how is unknown. cause: why, if looked for."""
        plan = self.running.plan if self.running else None
        self.running = None
        self.state = State.STOPPED
        self.exit_code = ending["code"] if ending else None
        self.trouble = None
        trouble = cause or _trouble(ending, self._memory_kib(plan))
        if trouble is not None:
            self.fail(trouble)
        self.gone.set()

    def _memory_kib(self, plan: LaunchPlan | None) -> int:
        """Its limit, which may have been changed since it was started."""
        if self.spec is not None:
            return self.spec.memory.max_kib or 0
        return plan.limits.memory >> 10 if plan else 0

    def recall(self, exit_record: Path) -> None:
        """Remember how it ended while no helper looked."""
        try:
            ending: Fields = json.loads(exit_record.read_text())
        except (OSError, ValueError):
            return
        self.exit_code = ending.get("code")


def _trouble(ending: Fields | None, memory_kib: int) -> EngineError | None:
    if ending is None:
        return EngineError(
            "it ended because the process that watched over it was killed", "start it again"
        )
    if ending["out_of_memory"] and memory_kib:
        return _out_of_memory(ending, memory_kib)
    number = ending["code"] - 128
    if not ending.get("wanted") and number in set(Signals):
        return EngineError(
            f"its program was ended by the signal {Signals(number).name}",
            "look at the last lines of its console",
        )
    return None


def _out_of_memory(ending: Fields, memory_kib: int) -> EngineError:
    limit = ending.get("memory_limit", 0) >> 10 or memory_kib
    peak = ending.get("memory_peak", 0) >> 10
    when = datetime.fromtimestamp(ending["at"], UTC).isoformat(" ", "seconds")
    return EngineError(
        f"the kernel killed it: it needed more than its {limit} KiB of memory "
        f"(peak {peak} KiB, at {when})",
        "raise <memory>, or find out why it needs so much",
    )
