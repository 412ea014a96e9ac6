"""Reading definitions into drafts, and applying drafts; a conflict shows both ways out."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import ConflictError, EngineError
from cloche_engine.api.model import Container, StoredDefinition
from cloche_engine.api.networks import Network
from cloche_engine.definition.planning.plan import Plan
from cloche_gui.presenters.draft import Draft, Drafts, Neighbours, Origin
from cloche_gui.presenters.notice import Notice, Tone, failure
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.widgets.message_bar import Choice, MessageArea

APPLIED = "applied"
CONFLICT = "conflict"
READING = "reading"


class Editing(QObject):
    """Holds the drafts; `opened` and `changed` concern the container in view."""

    opened = pyqtSignal(object)  # Draft
    changed = pyqtSignal(object)  # Origin
    applied = pyqtSignal(object)  # Container

    def __init__(self, jobs: Jobs, messages: MessageArea, neighbours: Neighbours) -> None:
        super().__init__()
        self._jobs = jobs
        self._messages = messages
        self._shown = ""
        self._ignore: Callable[[], None] = lambda: None
        self.drafts = Drafts(neighbours)

    def show(self, container: Container) -> None:
        """Bring the definition of a container into view."""
        if self._shown != container.uuid:
            self._clear_messages()
        self._shown = container.uuid
        draft = self.drafts.get(container.uuid)
        if draft is not None:
            self._open(draft)
        self.read(container)

    def read(self, container: Container) -> None:
        """Read again what is stored."""
        uuid = container.uuid
        self._jobs.run(
            Job(f"Reading “{container.name}”", quiet=True),
            lambda engine: _look(engine, uuid),
            lambda found: self._read(uuid, *found),
            lambda error: self._not_read(container, error),
        )

    def forget(self, uuid: str) -> None:
        """Drop the draft of a container that is gone."""
        self.drafts.drop(uuid)
        if uuid == self._shown:
            self._shown = ""
            self._clear_messages()

    def apply(self, draft: Draft, container: Container) -> None:
        """Store the draft."""
        sent = draft.document.data
        etag = draft.etag
        done = _applied(draft.plan(running=container.state.is_live))
        self._jobs.run(
            Job(f"Applying “{container.name}”", key=container.uuid),
            lambda engine: _store(engine, container.uuid, sent, etag),
            lambda result: self._saved(draft, sent, *result, done),
            lambda error: self._not_saved(draft, container, error),
        )

    def discard(self, draft: Draft) -> None:
        """Back to what is stored."""
        draft.discard()
        self._messages.clear(CONFLICT)

    def _read(self, uuid: str, stored: StoredDefinition, networks: list[Network]) -> None:
        self.drafts.networks = networks
        known = self.drafts.get(uuid)
        draft = self.drafts.hear(uuid, stored)
        if uuid != self._shown:
            return
        self._messages.clear(READING)
        if known is None:
            self._open(draft)
        self._show_conflict(draft)

    def _not_read(self, container: Container, error: EngineError) -> None:
        if container.uuid == self._shown:
            title = f"The definition of “{container.name}” could not be read"
            notice = failure(title, error, container.name)
            self._messages.show_notice(
                READING, notice, [("Try again", lambda: self.read(container))]
            )

    def _open(self, draft: Draft) -> None:
        self._ignore()
        self._ignore = draft.listen(self._hear)
        self.opened.emit(draft)
        self._show_conflict(draft)

    def _hear(self, origin: Origin) -> None:
        if origin is not Origin.STORE:
            self._messages.clear(APPLIED)
        self.changed.emit(origin)

    def _saved(
        self,
        draft: Draft,
        sent: bytes,
        container: Container,
        stored: StoredDefinition,
        done: Notice,
    ) -> None:
        draft.saved(sent, stored)
        self._messages.clear(CONFLICT)
        self.applied.emit(container)
        if draft.uuid == self._shown:
            self._messages.show_notice(APPLIED, done)

    def _not_saved(self, draft: Draft, container: Container, error: EngineError) -> None:
        if isinstance(error, ConflictError):
            self._jobs.run(
                Job(f"Reading “{container.name}”", quiet=True),
                lambda engine: engine.definition(container.uuid),
                lambda stored: self._conflict(draft, stored),
            )
            return
        title = f"The changes of “{container.name}” could not be applied"
        self._messages.show_notice(APPLIED, failure(title, error, container.name))

    def _conflict(self, draft: Draft, stored: StoredDefinition) -> None:
        draft.refresh(stored)
        self._show_conflict(draft)

    def _show_conflict(self, draft: Draft) -> None:
        if draft.theirs is None or draft.uuid != self._shown:
            self._messages.clear(CONFLICT)
            return
        choices: list[Choice] = [
            ("Reload theirs", lambda: self.discard(draft)),
            ("Overwrite", lambda: self._overwrite(draft)),
        ]
        self._messages.show_notice(CONFLICT, _CONFLICT, choices, closable=False)

    def _overwrite(self, draft: Draft) -> None:
        draft.overwrite()
        self._messages.clear(CONFLICT)

    def _clear_messages(self) -> None:
        for topic in (APPLIED, CONFLICT, READING):
            self._messages.clear(topic)


_CONFLICT = Notice(
    Tone.WARNING,
    "Someone else saved this definition meanwhile",
    "Reload theirs drops your changes; Overwrite keeps yours, and Apply then replaces theirs.",
)


async def _look(engine: Engine, uuid: str) -> tuple[StoredDefinition, list[Network]]:
    return await engine.definition(uuid), await engine.networks()


async def _store(
    engine: Engine, uuid: str, text: bytes, etag: str
) -> tuple[Container, StoredDefinition]:
    container = await engine.define(text, etag)
    return container, await engine.definition(uuid)


def _applied(plan: Plan) -> Notice:
    return Notice(Tone.SUCCESS, "", "Saved.", plan.summary if plan.running else "")
