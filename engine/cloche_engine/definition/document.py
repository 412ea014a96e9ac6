"""One definition: its bytes, what they mean and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.problem import DefinitionError, Problem
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.source import (
    RefusedTextError,
    Source,
    declared_encoding,
    read_source,
)
from cloche_engine.definition.text.tree import Tree


@dataclass(frozen=True, slots=True)
class Document:
    """The text and everything read from it; equal where the bytes are.

    spec is there for every well-formed definition of a container, holding what could be read, so
    that forms can show it beside its errors; what is to be run comes from `compiled()`.
    """

    data: bytes
    problems: tuple[Problem, ...] = field(compare=False, default=())
    spec: ContainerSpec | None = field(compare=False, default=None)
    tree: Tree | None = field(compare=False, repr=False, default=None)
    source: Source | None = field(compare=False, repr=False, default=None)

    @classmethod
    def parse(cls, data: bytes) -> Document:
        """Read any bytes; what is wrong with them is in `problems`, nothing is raised."""
        reading = read(data, Dialect.LINUXCONTAINER)
        tree = reading.tree
        return cls(
            data, reading.problems, reading.spec, tree, tree.source if tree else _source(data)
        )

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep it from being used."""
        return tuple(problem for problem in self.problems if problem.is_error)

    @property
    def text(self) -> str:
        """The characters for a text editor; U+FFFD where bytes are no text."""
        return self.source.text if self.source else self.data.decode("utf-8", "replace")

    def with_text(self, text: str) -> Document:
        """The document after an edit in a text editor, in the encoding that it had or now names."""
        if self.source is not None and text == self.source.text:
            return self
        return Document.parse(_encoded(self.source, text))

    def compiled(self) -> ContainerSpec:
        """What is to be run; DefinitionError where there are errors."""
        if self.spec is None or self.errors:
            raise DefinitionError(self.problems)
        return self.spec


def _source(data: bytes) -> Source | None:
    try:
        return read_source(data)
    except RefusedTextError:
        return None


def _encoded(source: Source | None, text: str) -> bytes:
    """One-byte encodings follow the prolog when that is edited; UTF-16 and marks stay."""
    mark, encoding = (source.mark, source.encoding) if source else (b"", "utf-8")
    if not mark and not encoding.startswith("utf-16"):
        try:
            named = declared_encoding(text) or "utf-8"
        except RefusedTextError:
            named = encoding
        encoding = encoding if named.startswith("utf-16") else named
    return mark + text.encode(encoding, "xmlcharrefreplace")
