"""Collects the problems of a text format."""

from __future__ import annotations

from cloche_engine.definition.checking.listing import Listing, Place
from cloche_engine.definition.conf.lines import MAX_ENTRIES, Entry
from cloche_engine.definition.text.source import Places, Source

Where = Entry | int


class Findings(Listing[Where]):
    """What is wrong with one text; an entry stands for where its value begins."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._places = Places(source.body)

    def too_many_lines(self, where: Where) -> None:
        """Refuse a text whose lines do not end."""
        reason = f"more than {MAX_ENTRIES} lines say something; the rest is not read"
        hint = "a configuration has some dozens of them: check that this is the right file"
        self.error("too-many-lines", where, reason, hint)

    def place(self, where: Where) -> Place:
        """Line and column of a byte, or of an entry's value."""
        return self._places.place(where.start if isinstance(where, Entry) else where)

    def line(self, where: Where) -> int:
        """The line of a byte or an entry."""
        return self.place(where)[0]
