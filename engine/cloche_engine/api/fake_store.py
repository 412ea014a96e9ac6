"""What the engine in memory keeps: definitions and the containers that they mean."""

from __future__ import annotations

import hashlib
import uuid as uuids
from dataclasses import dataclass, field, replace

from cloche_engine.api import refs
from cloche_engine.api.errors import ConflictError, NameTakenError
from cloche_engine.api.fake_copies import FakeFiles
from cloche_engine.api.fake_programs import FakePipes
from cloche_engine.api.fake_session import FakeSession
from cloche_engine.api.model import Container, StartReport
from cloche_engine.api.refused_definition import refused_definition
from cloche_engine.definition.checking.neighbours import taken
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.edit import set_uuid
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.spec import ContainerSpec


@dataclass(slots=True)
class Entry:
    """A container in memory, with what runs in it."""

    container: Container
    spec: ContainerSpec
    text: bytes
    session: FakeSession | None = None
    last_output: bytes = b""
    files: FakeFiles | None = None
    stopping: bool = False
    report: StartReport | None = None
    others: list[FakeSession | FakePipes] = field(default_factory=list)

    @property
    def etag(self) -> str:
        """The mark of the stored bytes."""
        return hashlib.sha256(self.text).hexdigest()[:32]


class FakeStore:
    """Entries by uuid; what may not be stored is refused as by every engine."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    @property
    def all(self) -> list[Entry]:
        """Every one, in the order in which they came."""
        return list(self._entries.values())

    def find(self, ref: str) -> Entry:
        """The one of this name or uuid; NotFoundError."""
        found = refs.find((entry.container for entry in self._entries.values()), ref)
        return self._entries[found.uuid]

    def remove(self, entry: Entry) -> None:
        """Forget one."""
        del self._entries[entry.container.uuid]

    def made_from(self, template: str) -> tuple[str, ...]:
        """The names of containers that a template is the root of."""
        entries = self._entries.values()
        return tuple(sorted(e.container.name for e in entries if template in e.spec.templates))

    def put(self, text: bytes, etag: str) -> Entry:
        """Store a definition; a new one where etag is empty, otherwise the one with this etag."""
        document = _readable(text)
        spec = document.compiled()
        present = self._present(spec, etag)
        uuid = spec.uuid or (present.container.uuid if present else uuids.uuid4().hex)
        self._check_free(replace(spec, uuid=uuid), present)
        if not spec.uuid:
            document = set_uuid(document, uuid)
        spec = document.compiled()
        before = present.container if present else Container(uuid=uuid, name=spec.name)
        entry = present or Entry(before, spec, document.data)
        entry.spec, entry.text = spec, document.data
        self._entries[uuid] = entry
        entry.container = replace(
            before,
            name=spec.name,
            title=spec.title or "",
            addresses=spec.addresses if before.pid else (),
            static_addresses=spec.addresses,
            shares_host_root=spec.shares_host_root,
            shares_host_network=spec.shares_host_network,
            network_of=spec.network_of,
            system=bool(spec.system),
            privileged=bool(spec.privileged),
            etag=entry.etag,
        )
        return entry

    def _present(self, spec: ContainerSpec, etag: str) -> Entry | None:
        if not etag:
            return None
        for entry in self._entries.values():
            if entry.etag == etag and spec.uuid in {None, entry.container.uuid}:
                return entry
        stored = next((e for e in self._entries.values() if e.container.uuid == spec.uuid), None)
        raise ConflictError(
            f"the definition of {spec.name!r} was changed meanwhile by someone else",
            "reload it, or overwrite what is stored",
            {"etag": stored.etag} if stored else {},
        )

    def _check_free(self, spec: ContainerSpec, present: Entry | None) -> None:
        others = [entry.container for entry in self._entries.values() if entry is not present]
        if problem := taken(spec, ((other.name, other.uuid) for other in others)):
            raise NameTakenError(problem.reason, problem.hint)


def _readable(text: bytes) -> Document:
    document = Document.parse(text)
    if document.errors:
        raise refused_definition(DefinitionError(document.problems))
    return document
