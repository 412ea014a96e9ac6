"""The engine names elements of the definition; a window names the field, and leads to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloche_engine.api.errors import EngineError
from cloche_engine.definition.nodes import Part, place_of

_ELEMENT = re.compile(r"(?<!\S)<(\w+)>(?=[\s,;:.]|$)")
"""An element in a sentence; not one in the middle of somebody's path."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the Settings page, by its label there, and what it stands for."""

    label: str
    node: Part | str


FIELDS = {
    "application": Field("Program", Part.PROGRAM),
    "arg": Field("Arguments", Part.ARGUMENTS),
    "env": Field("Environment", Part.ENVIRONMENT),
    "dir": Field("Directory", Part.DIRECTORY),
    "user": Field("User", Part.USER),
    "memory": Field("Memory limit", "memory"),
    "cpushare": Field("Processor share", "cpushare"),
}
"""The elements that messages name and that have a field."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a definition the next step is: a field if it has one, and where it is written."""

    label: str = ""
    node: Part | str = ""
    line: int = 0
    column: int = 0

    @property
    def words(self) -> str:
        """What a button says that leads there."""
        return f"Go to “{self.label}”" if self.label else "Show in the XML"

    def written(self, text: bytes) -> tuple[int, int]:
        """Line and column of it in a definition, from 1; what the engine said, or the beginning."""
        found = place_of(text, self.node) if self.node else None
        if found is not None:
            return found.line, found.column
        return max(self.line, 1), max(self.column, 1)


def in_window(text: str) -> str:
    """A sentence of the engine's with the labels of fields for the elements that have one."""
    return _ELEMENT.sub(_labelled, text)


def _labelled(found: re.Match[str]) -> str:
    field = FIELDS.get(found[1])
    return f"“{field.label}”" if field else found[0]


def place_of_step(hint: str) -> Place | None:
    """Where the element is that a hint names first; None where it names none."""
    found = _ELEMENT.search(hint)
    if found is None:
        return None
    field = FIELDS.get(found[1])
    return Place(field.label, field.node) if field else Place(node=found[1])


def place_of_error(error: EngineError) -> Place | None:
    """Where to correct what an error is about; None where it says no place."""
    named = place_of_step(error.hint)
    line, column = (_number(error.details.get(name, "")) for name in ("line", "column"))
    if named is not None:
        return Place(named.label, named.node, line, column)
    return Place(line=line, column=column) if line else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
