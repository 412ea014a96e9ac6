"""Where in a document a part of what runs is said, for those who have to blame one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from cloche_engine.definition.container import homes
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import Location
from cloche_engine.definition.text.tree import Element


class Part(StrEnum):
    """What of a definition a step of a start is about."""

    PROGRAM = "program"
    ARGUMENTS = "arguments"
    USER = "user"
    DIRECTORY = "directory"
    ENVIRONMENT = "environment"
    HOSTNAME = "hostname"
    ROOT = "root"


def place_of(text: bytes, part: Part | str) -> Location | None:
    """The place of a part, or of the first element of a name; None where there is none."""
    document = Document.parse(text)
    if document.tree is None:
        return None
    if part is Part.ROOT:
        root = document.spec.root if document.spec else None
        return root.location if root else None
    element = _element(document.tree.root, part)
    return None if element is None else Location(*document.tree.place(element))


def _element(root: Element, part: Part | str) -> Element | None:
    if not isinstance(part, Part):
        return next((each for each in _all(root) if each.name == part), None)
    home = homes.program_home(root)
    names = home.names
    found: dict[Part, Element | None] = {
        Part.PROGRAM: home.first(names.program),
        Part.ARGUMENTS: home.first(names.argument),
        Part.USER: home.first(names.user) or home.first(names.group),
        Part.DIRECTORY: home.first(names.directory),
        Part.ENVIRONMENT: home.first(names.variable),
        Part.HOSTNAME: homes.network(root) or root.first("name"),
    }
    return found.get(part)


def _all(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from _all(child)
