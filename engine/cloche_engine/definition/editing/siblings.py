"""What all edits share: from document to document, and lists of sibling elements."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cloche_engine.definition.container.homes import ProgramHome, program_home
from cloche_engine.definition.dialects.linuxcontainer.kind import is_family
from cloche_engine.definition.document import Document
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.sequence import Edits, change
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.torn import Torn, TornError, mask_mistakes
from cloche_engine.definition.text.tree import Element, Tree

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Change(Generic[Item]):
    """A list of siblings: where its elements are now, what they say, what they shall say."""

    elements: Callable[[], list[Element]]
    present: list[Item]
    wanted: list[Item]


def edited(document: Document, apply: Callable[[Splicer], None]) -> Document:
    """The document after an edit; itself where nothing changed.

    Where the text is broken elsewhere the mistakes stay as they are; DefinitionError where one
    leaves in doubt what is to be edited.
    """
    tree, torn = _tree(document)
    splicer = Splicer(tree, torn)
    try:
        apply(splicer)
    except TornError:
        raise DefinitionError(document.problems) from None
    if splicer.tree is tree and torn is not None and torn.unsure:
        raise DefinitionError(document.problems)  # what is to be changed may be hidden
    if splicer.tree is tree:
        return document
    body = splicer.tree.body if torn is None else torn.body
    return Document.parse(splicer.tree.source.encode(body))


def _tree(document: Document) -> tuple[Tree, Torn | None]:
    if document.tree is not None:
        return document.tree, None
    masked = mask_mistakes(document.source) if document.source is not None else None
    if masked is None or not is_family(masked[0].root):
        raise DefinitionError(document.problems)
    return masked


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
