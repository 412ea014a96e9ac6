"""What all edits share: from document to document, and lists of sibling elements."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cloche_engine.definition.document import Document
from cloche_engine.definition.homes import ProgramHome, program_home
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.sequence import Edits, change
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Change(Generic[Item]):
    """A list of siblings: where its elements are now, what they say, what they shall say."""

    elements: Callable[[], list[Element]]
    present: list[Item]
    wanted: list[Item]


def edited(document: Document, apply: Callable[[Splicer], None]) -> Document:
    """The document after an edit; itself where nothing changed."""
    if document.tree is None:
        raise DefinitionError(document.problems)
    splicer = Splicer(document.tree)
    apply(splicer)
    if splicer.tree is document.tree:
        return document
    return Document.parse(splicer.tree.source.encode(splicer.tree.body))


def container_of(splicer: Splicer) -> Element:
    """The `<container>`, made where it is missing."""
    if splicer.container is None:
        splicer.add(splicer.root, Markup("container"))
    return _present(splicer.container)


def network_of(splicer: Splicer) -> Element:
    """The `<network>`, made where it is missing."""
    container = container_of(splicer)
    if container.first("network") is None:
        splicer.add(container, Markup("network"))
    return _present(container_of(splicer).first("network"))


def home_of(splicer: Splicer) -> ProgramHome:
    """Where the document says what runs, made where it is missing."""
    found = program_home(splicer.root)
    if found.element is None:
        container_of(splicer)
        found = program_home(splicer.root)
    return found


def sync(
    splicer: Splicer,
    change_of: Change[Item],
    markup: Callable[[Item], Markup],
    update: Callable[[int, Item], None],
) -> None:
    """Turn the elements that say what runs into those wanted; equal ones keep their bytes."""

    def insert(at: int, item: Item) -> None:
        elements = change_of.elements()
        if not elements:
            splicer.add(_present(home_of(splicer).element), markup(item))
        elif at > 0:
            splicer.add_after(elements[at - 1], markup(item))
        else:
            splicer.add_before(elements[0], markup(item))

    def remove(at: int) -> None:
        splicer.remove(change_of.elements()[at])

    change(change_of.present, change_of.wanted, Edits(update, insert, remove))


def _present(element: Element | None) -> Element:
    if element is None:
        raise LookupError("an element that was just added is not there")
    return element
