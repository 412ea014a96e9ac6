"""The containers that are defined, by name and uuid, and those who want to hear of changes."""

from __future__ import annotations

import itertools
import logging
import uuid as uuids
from collections.abc import Callable
from dataclasses import dataclass, replace

from cloche_engine.api import refs
from cloche_engine.api.errors import ConflictError, NameTakenError
from cloche_engine.api.model import Change, Container, Removed, State
from cloche_engine.api.refused_definition import refused_definition
from cloche_engine.core.entry import Entry
from cloche_engine.core.places import Places
from cloche_engine.core.store import Store, Stored
from cloche_engine.definition.checking.neighbours import taken
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.edit import set_uuid
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.host.ids import IdBlocks
from cloche_engine.monitor.record import aside
from cloche_engine.sandbox.plan.links import LinkPlan

_log = logging.getLogger("cloched")


@dataclass(frozen=True, slots=True)
class Definition:
    """A document that may be stored, and whose place it takes."""

    uuid: str
    document: Document
    spec: ContainerSpec
    present: Entry | None


class Registry:
    """Entries by uuid; every change of one is told to the listeners."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.store = Store(places.directory / "definitions")
        self.ids = IdBlocks(places.directory / "ids.json")
        self._entries = {stored.uuid: Entry.read(stored) for stored in self.store.load()}
        self._listeners: dict[int, Callable[[Change], None]] = {}
        self._keys = itertools.count()

    def all(self) -> list[Entry]:
        """Every entry, by name."""
        return sorted(self._entries.values(), key=lambda entry: entry.name)

    def names(self) -> list[tuple[str, str, str]]:
        """Uuid, name and host name of every container whose definition can be read."""
        specs = ((entry.uuid, entry.spec) for entry in self._entries.values())
        return [(uuid, spec.name, spec.effective_hostname) for uuid, spec in specs if spec]

    def links(self) -> tuple[LinkPlan, ...]:
        """Those of all containers that run."""
        running = (entry.running for entry in self._entries.values())
        return tuple(link for each in running if each is not None for link in each.plan.links)

    def find(self, ref: str) -> Entry:
        """The entry for a name or uuid, which wins over a name that looks like one; NotFoundError.

        Every call begins with it, so that it must not look at all where it is a uuid.
        """
        known = self._entries.get(refs.uuid_of(ref) or "")
        known = known or next((one for one in self._entries.values() if one.name == ref), None)
        if known is None:
            raise refs.not_found(ref)
        return known

    def made_from(self, template: str) -> tuple[str, ...]:
        """The names of the containers that are made from a template; a damaged one may be."""
        return tuple(
            entry.name for entry in self.all()
            if (template in entry.spec.templates if entry.spec
                else template.encode() in entry.stored.text)
        )  # fmt: skip

    def get(self, uuid: str) -> Entry | None:
        """The entry of a uuid, if any."""
        return self._entries.get(uuid)

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` at every change; the function returned ends that."""
        key = next(self._keys)
        self._listeners[key] = listener
        return lambda: self._listeners.pop(key, None) and None

    def changed(self, entry: Entry) -> Container:
        """Tell the listeners how an entry is now."""
        view = entry.view()
        self._tell(view)
        return view

    def examine(self, text: bytes, etag: str) -> Definition:
        """What storing this would do, new or in place of the one with this etag; nothing is done.

        InvalidDefinitionError, ConflictError or NameTakenError where it is not possible.
        """
        document, spec = _readable(text)
        present = self._present(spec, etag) if etag else None
        uuid = spec.uuid or (present.uuid if present else uuids.uuid4().hex)
        self._check_free(replace(spec, uuid=uuid), present)
        if spec.uuid is None:
            document = set_uuid(document, uuid)
        return Definition(uuid, document, spec, present)

    def save(self, definition: Definition) -> Entry:
        """Save what was examined."""
        stored = Stored(definition.uuid, definition.document.data)
        self.store.save(stored)
        entry = definition.present
        if entry is None:
            entry = self._entries[definition.uuid] = Entry.read(stored)
        else:
            self._take(entry, stored)
        return entry

    def _take(self, entry: Entry, stored: Stored) -> None:
        was_damaged, name = entry.spec is None, entry.name
        entry.replace(stored)
        if entry.name != name and not was_damaged:
            _log.info("renamed %s to %s", name, entry.name)
        if was_damaged and not entry.state.is_live:
            entry.state, entry.trouble = State.STOPPED, None

    def remove(self, entry: Entry) -> None:
        """Forget a definition and what belongs to it."""
        self.store.delete(entry.uuid)
        for file in self.places.of_run(entry.uuid):
            file.unlink(missing_ok=True)
            aside(file).unlink(missing_ok=True)
        self.ids.give_back(entry.uuid)  # last: on a full disk there is space again now
        del self._entries[entry.uuid]
        self._tell(Removed(entry.uuid))

    def sweep(self) -> None:
        """Free the ids of those that are gone; a removal may have been cut short."""
        alive = (folder.name for folder in self.places.runtime.iterdir())
        self.ids.keep_only({*self._entries, *alive})

    def _tell(self, change: Change) -> None:
        for listener in list(self._listeners.values()):
            listener(change)

    def _present(self, spec: ContainerSpec, etag: str) -> Entry:
        candidates = [entry for entry in self._entries.values() if entry.stored.etag == etag]
        for entry in candidates:
            if spec.uuid in {None, entry.uuid}:
                return entry
        stored = self._entries.get(spec.uuid or "")
        raise ConflictError(
            f"the definition of {spec.name!r} was changed meanwhile by someone else",
            "reload it, or overwrite what is stored",
            {"etag": stored.stored.etag} if stored else {},
        )

    def _check_free(self, spec: ContainerSpec, present: Entry | None) -> None:
        others = [entry for entry in self._entries.values() if entry is not present]
        if problem := taken(spec, ((entry.name, entry.uuid) for entry in others)):
            raise NameTakenError(problem.reason, problem.hint)


def _readable(text: bytes) -> tuple[Document, ContainerSpec]:
    document = Document.parse(text)
    try:
        return document, document.compiled()
    except DefinitionError as error:
        raise refused_definition(error) from error
