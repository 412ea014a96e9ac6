"""What a document holds that a reader does not understand: kept word for word, and put back.

A path is that of the element and those above it, `domain/devices/hostdev`; below one of several
alike stands which it is, `domain/devices/interface[2]/tune`, and an attribute is `.../@name`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.kept import kept_markup, metadata_text, read_kept
from cloche_engine.definition.domain.verbatim import Verbatim, is_element
from cloche_engine.definition.names import writable
from cloche_engine.definition.schema.model import Schema
from cloche_engine.definition.spec import Opaque
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

METADATA = "domain/metadata"


def read_opaque(
    report: Report,
    schema: Schema,
    understood: Collection[Element] = (),
    kept_whole: Collection[Element] = (),
) -> tuple[Opaque, ...]:
    """What schema does not know or marks as opaque, and kept_whole, in document order.

    understood are opaque or foreign elements that the reader has read after all.
    """
    reading = _Reading(Verbatim(report.tree), schema, understood, kept_whole)
    return tuple(reading.below(report.tree.root, report.tree.root.name))


class _Reading:
    """One walk over what the schema knows; elements compare by identity."""

    def __init__(
        self,
        verbatim: Verbatim,
        schema: Schema,
        understood: Collection[Element],
        whole: Collection[Element],
    ) -> None:
        self.verbatim = verbatim
        self.schema = schema
        self.understood = set(understood)
        self.whole = set(whole)

    def below(self, element: Element, path: str) -> Iterator[Opaque]:
        """What is to be kept of an element that the schema knows: attributes, then children."""
        rule = self.schema.rule(element.parent.name if element.parent else "", element.name)
        for name, value in element.attributes.items():
            known = rule.attribute(name) if rule is not None else None
            if rule is not None and (known is None or known.opaque):
                yield Opaque(f"{path}/@{name}", value)
        counts: dict[str, int] = {}
        for child in element.children:
            yield from self._child(element, child, path, counts)

    def _child(
        self, parent: Element, child: Element, path: str, counts: dict[str, int]
    ) -> Iterator[Opaque]:
        name = child.name.rpartition(" ")[2]
        below = f"{path}/{name}"
        rule = self.schema.rule(parent.name, child.name)
        if child in self.understood:
            return
        if below == METADATA and not child.is_foreign:
            yield from self._metadata(child)
        elif rule is None or rule.opaque or child in self.whole:
            yield Opaque(below, self.verbatim.text(child))
        else:
            counts[name] = counts.get(name, 0) + 1
            yield from self.below(child, f"{below}[{counts[name]}]" if rule.repeats else below)

    def _metadata(self, element: Element) -> Iterator[Opaque]:
        text = metadata_text(self.verbatim, element)
        if text is not None:
            yield Opaque(METADATA, text)
        yield from read_kept(self.verbatim, element)


def is_home(schema: Schema, *others: str) -> Callable[[str], bool]:
    """Whether a dialect has a place of its own for a path: opaque there, or one of the others."""

    def home(path: str) -> bool:
        names = [part.partition("[")[0] for part in path.split("/")]
        above = ["", *names]
        steps = [schema.rule(*pair) for pair in zip(above, names, strict=False)]
        attribute = names[-1].removeprefix("@")
        if attribute != names[-1] and len(steps) > 1 and steps[-2] is not None:
            known = steps[-2].attribute(attribute)
            return known is not None and known.opaque
        last = steps[-1]
        return None not in steps and last is not None and (last.opaque or path in others)

    return home


def with_opaque(domain: Markup, opaque: tuple[Opaque, ...], home: Callable[[str], bool]) -> Markup:
    """The document with all of them in it: at their path where that is a home, else in metadata."""
    top, strays, metadata = _Graft(), [], None
    for entry in opaque:
        if entry.path == METADATA and metadata is None and is_element(entry.text, "metadata"):
            metadata = entry.text
        elif home(entry.path) and _fits(entry):
            top.find(entry.path.split("/")[1:-1]).entries.append(entry)
        else:
            strays.append(entry)
    whole = _rebuilt(domain, top, strays)
    return replace(whole, children=(*whole.children, *kept_markup(metadata, strays)))


def _fits(entry: Opaque) -> bool:
    name = entry.path.rpartition("/")[2]
    return name.startswith("@") or is_element(entry.text, name)


@dataclass(slots=True)
class _Graft:
    """What is to be put into one element and into those below it."""

    entries: list[Opaque] = field(default_factory=list)
    below: dict[str, _Graft] = field(default_factory=dict)

    def find(self, steps: list[str]) -> _Graft:
        node = self
        for step in steps:
            node = node.below.setdefault(step, _Graft())
        return node

    def all(self) -> Iterator[Opaque]:
        yield from self.entries
        for node in self.below.values():
            yield from node.all()


def _rebuilt(markup: Markup, graft: _Graft, strays: list[Opaque]) -> Markup:
    """The markup with the graft in it; what belongs to an element that is not there goes astray."""
    children = list(markup.children)
    places = _places(children)
    for step, below in graft.below.items():
        at = places.get(step)
        if at is not None:
            children[at] = _rebuilt(children[at], below, strays)
        elif "[" in step:
            strays += below.all()
        else:
            children.append(_rebuilt(Markup(step), below, strays))
    attributes = dict(markup.attributes)
    for entry in graft.entries:
        name = entry.path.rpartition("/")[2]
        if not name.startswith("@"):
            children.append(Markup(name, raw=entry.text))
        elif attributes.get(name[1:]) is None and not writable(entry.text):
            attributes[name[1:]] = entry.text
        else:
            strays.append(entry)
    return replace(markup, attributes=tuple(attributes.items()), children=tuple(children))


def _places(children: list[Markup]) -> dict[str, int]:
    """Where each child is, by its name and by its name with its number."""
    counts: Counter[str] = Counter()
    found: dict[str, int] = {}
    for at, child in enumerate(children):
        counts[child.name] += 1
        found.setdefault(child.name, at)
        found[f"{child.name}[{counts[child.name]}]"] = at
    return found
