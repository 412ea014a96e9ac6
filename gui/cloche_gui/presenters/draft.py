"""A definition under edit: one document, shown by the forms and by the XML page alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from cloche_engine.api.model import StoredDefinition
from cloche_engine.api.network_addresses import refused
from cloche_engine.api.networks import Network
from cloche_engine.definition.checking.neighbours import (
    against,
    guarantees_memory,
    host_memory_kib,
)
from cloche_engine.definition.document import Document
from cloche_engine.definition.planning.plan import Plan, make_plan
from cloche_engine.definition.problem import DefinitionError, Problem
from cloche_engine.definition.spec import ContainerSpec


class Part(StrEnum):
    """A part of a definition that has a form field; the value is its label."""

    NAME = "Name"
    HOSTNAME = "Host name"
    PROGRAM = "Program"
    ENVIRONMENT = "Environment"
    DIRECTORY = "Directory"
    USER = "User"
    MOUNTS = "Filesystems"
    NETWORK = "Network"
    CPUSHARE = "Processor share"
    MEMORY = "Memory"
    CONSOLE = "Kept output"


class Origin(Enum):
    """Who changed a draft, so that a view does not answer itself."""

    FORM = "form"
    TEXT = "text"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Pending:
    """A value in a form that the document cannot take, and why."""

    value: object
    reason: str


Neighbours = Callable[[str], Iterable[ContainerSpec]]
"""The containers beside the one of a uuid, as far as they are known."""


def _alone(_uuid: str) -> Iterable[ContainerSpec]:
    return ()


class Draft:
    """What the user made of one stored definition; never loses a keystroke."""

    def __init__(
        self,
        uuid: str,
        stored: StoredDefinition,
        neighbours: Neighbours = _alone,
        networks: Callable[[], Sequence[Network]] = tuple,
    ) -> None:
        self.uuid = uuid
        self._neighbours = neighbours
        self._networks = networks
        self._stored = stored
        self._document = Document.parse(stored.text)
        self._spec = self._document.spec
        self._pending: dict[Part, Pending] = {}
        self._theirs: StoredDefinition | None = None
        self._listeners: list[Callable[[Origin], None]] = []

    @property
    def document(self) -> Document:
        """The document as edited."""
        return self._document

    @property
    def text(self) -> str:
        """The document's text for an editor."""
        return self._document.text

    @property
    def etag(self) -> str:
        """The etag that a save has to name."""
        return self._stored.etag

    @property
    def theirs(self) -> StoredDefinition | None:
        """What someone else saved while this was edited."""
        return self._theirs

    @property
    def spec(self) -> ContainerSpec | None:
        """The last meaning that was free of errors; None where there never was one."""
        return self._spec

    @property
    def pending(self) -> dict[Part, Pending]:
        """Form values that wait for their correction."""
        return self._pending

    @property
    def dirty(self) -> bool:
        """Whether there is something to apply or to discard."""
        return bool(self._pending) or self._document.data != self._stored.text

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the document, and what others and this computer say to it."""
        document = self._document
        if document.spec is None or document.tree is None:
            return document.problems
        spec, others, tree = document.spec, self._neighbours(self.uuid), document.tree
        host = against(spec, others, host_memory_kib(), tree, guarantees=guarantees_memory())
        return (*document.problems, *host, *refused(spec, self._networks()))

    @property
    def forms_follow(self) -> bool:
        """Whether the forms show the document as it is now."""
        return self._document.spec is not None

    @property
    def broken(self) -> str:
        """Why the forms cannot follow: place and reason of the first error."""
        errors = self._document.errors
        return "" if self.forms_follow or not errors else place(errors[0])

    @property
    def blocked(self) -> str:
        """Why this cannot be applied, the first and how many more; empty where it can."""
        errors = [problem for problem in self.problems if problem.is_error]
        if errors:
            more = f" And {len(errors) - 1} more, on the XML page." if len(errors) > 1 else ""
            return f"{place(errors[0])}.{more}" if more else place(errors[0])
        for part, pending in self._pending.items():
            return f"{part.value}: {pending.reason}"
        return ""

    def plan(self, *, running: bool) -> Plan:
        """What applying it would do; DefinitionError where it cannot be applied."""
        return make_plan(Document.parse(self._stored.text), self._document, running=running)

    def listen(self, listener: Callable[[Origin], None]) -> Callable[[], None]:
        """Call `listener` after every change; the function returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def edit(self, part: Part, value: object, change: Callable[[Document], Document]) -> None:
        """Take a form's value by `change`; where that fails the value is kept as pending."""
        try:
            document = change(self._document)
        except ValueError as error:
            self._pending[part] = Pending(value, _reason(error))
        else:
            self._take(part, value, document)
        self._tell(Origin.FORM)

    def _take(self, part: Part, value: object, document: Document) -> None:
        fresh = [p for p in document.errors if _key(p) not in map(_key, self._document.errors)]
        if fresh:
            self._pending[part] = Pending(value, _with_hint(fresh[0]))
            return
        self._pending.pop(part, None)
        self._set(document)

    def replace_text(self, text: str) -> None:
        """Take the text of an editor; it speaks for every field."""
        if text == self._document.text:
            return
        self._pending.clear()
        self._set(self._document.with_text(text))
        self._tell(Origin.TEXT)

    def discard(self) -> None:
        """Back to what is stored."""
        self._reload(self._theirs or self._stored)

    def refresh(self, stored: StoredDefinition) -> None:
        """Hear what is stored now: followed where nothing was edited, a conflict otherwise."""
        if stored.etag == self._stored.etag:
            return
        if self.dirty:
            self._theirs = stored
            self._tell(Origin.STORE)
        else:
            self._reload(stored)

    def saved(self, sent: bytes, stored: StoredDefinition) -> None:
        """Hear that `sent` was stored as `stored`; what was typed since then stays."""
        if self._document.data == sent:
            self._reload(stored)
            return
        self._stored, self._theirs = stored, None
        self._tell(Origin.STORE)

    def overwrite(self) -> None:
        """Let the next save replace what someone else saved."""
        if self._theirs is not None:
            self._stored, self._theirs = self._theirs, None
            self._tell(Origin.STORE)

    def _reload(self, stored: StoredDefinition) -> None:
        self._stored, self._theirs = stored, None
        self._pending.clear()
        self._set(Document.parse(stored.text))
        self._tell(Origin.STORE)

    def _set(self, document: Document) -> None:
        self._document = document
        if document.spec is not None:
            self._spec = document.spec

    def _tell(self, origin: Origin) -> None:
        for listener in list(self._listeners):
            listener(origin)


class Drafts:
    """All drafts by uuid; one is kept as long as it holds something unsaved or is in view."""

    def __init__(self, neighbours: Neighbours = _alone) -> None:
        self._drafts: dict[str, Draft] = {}
        self._neighbours = neighbours
        self.networks: Sequence[Network] = ()
        """Those of the engine, as far as they are known."""

    def get(self, uuid: str) -> Draft | None:
        """The draft of a container, if there is one."""
        return self._drafts.get(uuid)

    def hear(self, uuid: str, stored: StoredDefinition) -> Draft:
        """The draft of a container, made or refreshed from what is stored."""
        draft = self._drafts.get(uuid)
        if draft is None:
            draft = self._drafts[uuid] = Draft(
                uuid, stored, self._neighbours, lambda: self.networks
            )
        else:
            draft.refresh(stored)
        return draft

    def drop(self, uuid: str) -> None:
        """Forget the draft of a container that is gone."""
        self._drafts.pop(uuid, None)

    def unsaved(self) -> list[Draft]:
        """Every draft that would be lost with the window."""
        return [draft for draft in self._drafts.values() if draft.dirty]


def place(problem: Problem) -> str:
    """A problem as one line: where and why."""
    return f"Line {problem.line}, column {problem.column}: {_with_hint(problem)}"


def _with_hint(problem: Problem) -> str:
    return f"{problem.reason}; {problem.hint}" if problem.hint else problem.reason


def _reason(error: ValueError) -> str:
    if isinstance(error, DefinitionError) and error.problems:
        return _with_hint(error.problems[0])
    return str(error)


def _key(problem: Problem) -> tuple[str, str]:
    return problem.code, problem.reason
