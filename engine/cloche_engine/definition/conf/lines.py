"""Lines of a text format with their places, and what a key and its value are cut from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloche_engine.definition.problem import TextEdit
from cloche_engine.definition.text.source import Source

MAX_ENTRIES = 10000
"""More lines that say something are no configuration."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its break; start counts bytes of the UTF-8 body, `next` is where it ends."""

    text: str
    start: int
    next: int

    def offset(self, index: int) -> int:
        """The byte at which a character of the line stands."""
        return self.start + len(self.text[:index].encode())


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value, and the characters of the line that they were cut from."""

    line: Line
    key: str
    value: str
    key_index: int
    value_index: int

    @property
    def key_start(self) -> int:
        """The byte where the key begins."""
        return self.line.offset(self.key_index)

    @property
    def start(self) -> int:
        """The byte where the value begins."""
        return self.line.offset(self.value_index)

    def renamed(self, key: str) -> TextEdit:
        """Another key in the place of this one."""
        end = self.key_start + len(self.key.encode())
        return TextEdit(self.key_start, end, key)

    def rewritten(self, value: str) -> TextEdit:
        """Another value in the place of this one."""
        return TextEdit(self.start, self.start + len(self.value.encode()), value)

    def removed(self) -> TextEdit:
        """The line taken away."""
        return TextEdit(self.line.start, self.line.next, "")

    def at(self, index: int) -> int:
        """The byte of a character of the value."""
        return self.line.offset(self.value_index + index)


def lines(source: Source) -> Iterator[Line]:
    """The lines of a text that hold anything; a carriage return at the end belongs to the break."""
    start, plain = 0, source.body.isascii()
    for text in source.text.split("\n"):
        end = start + (len(text) if plain else len(text.encode())) + 1
        if text:
            yield Line(text.removesuffix("\r"), start, min(end, len(source.body)))
        start = end
