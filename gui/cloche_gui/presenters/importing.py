"""A definition from elsewhere: what it is, what cannot be carried over, and what is made of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from cloche_engine.definition import names
from cloche_engine.definition.checking.fixing import apply
from cloche_engine.definition.converting.conversion import Conversion, convert
from cloche_engine.definition.converting.loss import Loss
from cloche_engine.definition.converting.wording import in_words
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.edit import set_name, set_uuid
from cloche_engine.definition.problem import Fix, Problem
from cloche_engine.definition.spec import Opaque
from cloche_engine.definition.text.source import read_source
from cloche_gui.presenters import creation
from cloche_gui.presenters.draft import place
from cloche_gui.presenters.notice import Tone

_WORDS = {
    Dialect.LINUXCONTAINER: "Cloche's own, as in libvirt's RFC of 2008",
    Dialect.LINUXCONTAINER_V1: "libvirt's RFC of 2007",
    Dialect.LIBVIRT_LXC: "libvirt LXC",
    Dialect.OPENVZ: "OpenVZ XML",
    Dialect.OPENVZ_CONF: "OpenVZ configuration",
    Dialect.VSERVER: "Linux-VServer XML",
    Dialect.LXC_CONF: "LXC configuration",
}
DIALECTS = tuple(_WORDS)


def title(dialect: Dialect) -> str:
    """A dialect in words."""
    return _WORDS[dialect]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line on a definition, and the ways to mend it."""

    tone: Tone
    text: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True)
class Import:
    """Bytes that were read, and how; dialect is None where they are to be recognised."""

    data: bytes
    dialect: Dialect | None = None

    @cached_property
    def conversion(self) -> Conversion:
        """The same in our own dialect."""
        return convert(self.data, Dialect.LINUXCONTAINER, self.dialect)

    @cached_property
    def document(self) -> Document | None:
        """What would be stored: our own dialect keeps every byte, others are written anew."""
        text = self.conversion.text
        if text is None:
            return None
        return Document.parse(self.data if self._is_ours else text)

    @property
    def _is_ours(self) -> bool:
        return self.conversion.dialect is Dialect.LINUXCONTAINER

    @property
    def recognised(self) -> str:
        """What it is, in words; empty where that is not known."""
        dialect = self.conversion.dialect
        return title(dialect) if dialect else ""

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with it, then what is not carried over; nothing is lost of our own."""
        wrong = [_finding(problem) for problem in self.conversion.problems]
        if self._is_ours:
            return wrong
        later = (_later(problem) for problem in self.conversion.refused)
        lost = (Finding(Tone.WARNING, _sentence(loss)) for loss in self.conversion.losses)
        kept = (Finding(Tone.WARNING, _kept(entry)) for entry in self.conversion.kept)
        return [*wrong, *later, *lost, *kept]

    @property
    def heading(self) -> str:
        """One line over the findings."""
        if self.document is None:
            return "It cannot be used yet:"
        lost = 0 if self._is_ours else len(self.conversion.losses)
        if lost:
            return f"Not carried over, or not as it was: {lost}"
        return "Nothing is lost." if not self.findings else "To be known:"

    def mended(self, fix: Fix) -> Import:
        """The same with a fix made."""
        return Import(apply(read_source(self.data), fix.edits), self.dialect)

    @property
    def name(self) -> str:
        """The name that it brings."""
        document = self.document
        return document.spec.name if document is not None and document.spec is not None else ""

    def name_error(self, name: str, taken: Collection[str]) -> str:
        """Why it cannot be stored under a name; empty where it can."""
        if name in taken:
            return f"There is a container named “{name}” already."
        return names.valid_name(name) or ""

    def definition(self, name: str, uuids: Collection[str]) -> bytes | None:
        """What to store under a name; a uuid that a container has is left to the engine."""
        if self.document is None or self.document.errors:
            return None
        document = self.document
        if document.spec is not None and document.spec.name != name:
            document = set_name(document, name)
        if document.spec is not None and document.spec.uuid in uuids:
            document = set_uuid(document, None)
        return document.data


def free_name(name: str, taken: Collection[str]) -> str:
    """The name itself, with a number behind it where it is taken."""
    return creation.free_name(taken, name) if name in taken else name


def _finding(problem: Problem) -> Finding:
    tone = Tone.ERROR if problem.is_error else Tone.WARNING
    return Finding(tone, place(problem), problem.fixes)


def _later(problem: Problem) -> Finding:
    """What is to be corrected in what will be stored, whose lines are not those of the file."""
    tone = Tone.ERROR if problem.is_error else Tone.WARNING
    return Finding(tone, f"In what will be stored, {place(problem).replace('Line', 'line', 1)}")


def _kept(entry: Opaque) -> str:
    """What stays in the document word for word and means nothing there."""
    return f"{entry.path} ({names.short(entry.text, 60)}): kept in <kept>, without an effect"


def _sentence(loss: Loss) -> str:
    """What is lost and why."""
    said = in_words(loss.path, loss.value)
    value = "" if loss.is_added else f" ({names.short(said, 60)})"
    return f"{loss.path}{value}: {loss.why}"
