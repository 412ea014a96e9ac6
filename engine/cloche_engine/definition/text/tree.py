"""The tree of an XML text with the byte span of every part, so that edits touch nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from cloche_engine.definition.text.source import Places, RefusedTextError, Source, refusal

MAX_DEPTH = 64
MAX_ELEMENTS = 5000

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TAG_NAME = re.compile(rb"<[^\s/>]+")
_PIECE = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(.*?)\]\]>|([^<]+)", re.DOTALL)
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from start up to end."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Element:
    """One element; `start` is its `<`, `end` the byte after it, `content_end` its end tag.

    A name of another namespace is `URI NAME`. A self-closed element has content_end == end.
    """

    name: str
    start: int
    attributes: dict[str, str]
    parent: Element | None = field(repr=False)
    end: int = -1
    content_end: int = -1
    self_closed: bool = False
    children: list[Element] = field(default_factory=list, repr=False)
    parts: list[str] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """The characters directly inside, comments left out."""
        return "".join(self.parts)

    @property
    def is_foreign(self) -> bool:
        """Whether it belongs to somebody else's namespace."""
        return " " in self.name

    @property
    def uri(self) -> str:
        """The namespace that it belongs to, empty where to none."""
        return self.name.rpartition(" ")[0]

    @property
    def local(self) -> str:
        """Its name without the namespace."""
        return self.name.rpartition(" ")[2]

    def all(self, name: str) -> list[Element]:
        """Its children of that name, in order."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Element | None:
        """Its first child of that name."""
        return next((child for child in self.children if child.name == name), None)


@dataclass(frozen=True, slots=True)
class Tag:
    """The inside of a start tag: where it ends, and each attribute's value between its quotes."""

    end: int
    names: dict[str, Span]
    values: dict[str, Span]


@dataclass(frozen=True, slots=True)
class Tree:
    """A well-formed document: its body, its root and where things are."""

    source: Source
    root: Element
    places: Places
    _tags: dict[int, Tag] = field(default_factory=dict, repr=False, compare=False)

    @property
    def body(self) -> bytes:
        """The text as UTF-8."""
        return self.source.body

    def tag(self, element: Element) -> Tag:
        """The parts of an element's start tag."""
        found = self._tags.get(element.start)
        return found or self._tags.setdefault(element.start, self._scan(element))

    def written(self, element: Element) -> str:
        """An element's name as it stands in the text, with its prefix."""
        if not element.is_foreign:
            return element.name
        found = _TAG_NAME.match(self.body, element.start)
        return found[0][1:].decode() if found else element.name

    def _scan(self, element: Element) -> Tag:
        name = _TAG_NAME.match(self.body, element.start)
        at = name.end() if name else element.start
        names: dict[str, Span] = {}
        values: dict[str, Span] = {}
        while found := _ATTRIBUTE.match(self.body, at):
            key = found[1].decode()
            names[key] = Span(*found.span(1))
            values[key] = Span(*found.span(2 if found[2] is not None else 3))
            at = found.end()
        return Tag(self.body.index(b">", at) + 1, names, values)

    def content(self, element: Element) -> Span:
        """What stands between start tag and end tag; empty at the end where it is self-closed."""
        if element.self_closed:
            return Span(element.end, element.end)
        return Span(self.tag(element).end, element.content_end)

    def pieces(self, element: Element) -> list[Span]:
        """Spans of its own characters (text, CDATA with its marks), surrounding space off."""
        found = (
            piece
            for gap in self._gaps(element)
            for piece in _PIECE.finditer(self.body, gap.start, gap.end)
        )
        kept = [piece for piece in found if (piece[1] is not None) or (piece[2] or b"").strip()]
        return [_core(piece) for piece in kept]

    def _gaps(self, element: Element) -> Iterator[Span]:
        """The content around the child elements."""
        content = self.content(element)
        at = content.start
        for child in element.children:
            yield Span(at, child.start)
            at = child.end
        yield Span(at, content.end)

    def place(self, element: Element) -> tuple[int, int]:
        """Line and column of an element's `<`."""
        return self.places.place(element.start)

    def text_place(self, element: Element) -> tuple[int, int]:
        """Line and column of an element's text, of the element where it has none."""
        pieces = self.pieces(element)
        return self.places.place(pieces[0].start) if pieces else self.place(element)

    def attribute_place(self, element: Element, name: str) -> tuple[int, int]:
        """Line and column of an attribute's value, of the element where it has no such one."""
        value = self.tag(element).values.get(name)
        return self.places.place(value.start) if value else self.place(element)

    def attribute_name_place(self, element: Element, name: str) -> tuple[int, int]:
        """Line and column of an attribute's name, of the element where it has no such one."""
        value = self.tag(element).names.get(name)
        return self.places.place(value.start) if value else self.place(element)


def _core(piece: re.Match[bytes]) -> Span:
    start, end = piece.span()
    if piece[1] is None:
        whole = piece[0]
        start += len(whole) - len(whole.lstrip(_SPACE))
        end -= len(whole) - len(whole.rstrip(_SPACE))
    return Span(start, end)


class NotWellFormedError(Exception):
    """expat stopped: its code, the offset, and the elements still open there."""

    def __init__(self, code: int, offset: int, opened: list[Element]) -> None:
        super().__init__(expat.errors.messages.get(code, "not well-formed"))
        self.code = code
        self.offset = offset
        self.opened = opened


class _Builder:
    """Receives expat's events and builds the tree; refuses what could grow or reach outside."""

    def __init__(self, source: Source, places: Places | None) -> None:
        self.source = source
        self.places = places or Places(source.body)
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.doctype

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) >= MAX_DEPTH:
            raise self.refuse("too-deep", f"elements are nested deeper than {MAX_DEPTH}")
        if self.count > MAX_ELEMENTS:
            raise self.refuse("too-many-elements", f"there are more than {MAX_ELEMENTS} elements")
        parent = self.open[-1] if self.open else None
        element = Element(name, self.parser.CurrentByteIndex, attributes, parent)
        if parent is None:
            self.root = element
        else:
            parent.children.append(element)
        self.open.append(element)

    def end(self, _name: str) -> None:
        element = self.open.pop()
        at = self.parser.CurrentByteIndex
        body = self.source.body
        # Of `<e/>` expat reports the end behind it. Only an empty element can have `/>` there.
        if not element.children and not element.parts and body[at - 2 : at] == b"/>":
            element.self_closed = True
            element.end = element.content_end = at
        else:
            element.content_end = at
            element.end = body.index(b">", at) + 1

    def characters(self, text: str) -> None:
        if self.open:
            self.open[-1].parts.append(text)

    def doctype(self, *_: object) -> None:
        # expat tells of it where its `[` or `>` is.
        at = self.source.body.rfind(b"<!DOCTYPE", 0, self.parser.CurrentByteIndex + 1)
        raise refusal(
            "doctype",
            self.places.place(max(at, 0)),
            "a DOCTYPE (and with it entities) is refused: it could read files or never end",
            "remove the <!DOCTYPE ...> declaration",
        )

    def refuse(self, code: str, reason: str, hint: str = "") -> RefusedTextError:
        return refusal(code, self.places.place(self.parser.CurrentByteIndex), reason, hint)


def parse_tree(source: Source, places: Places | None = None) -> Tree:
    """The tree; NotWellFormedError or RefusedTextError where there is none.

    Other places than the body's own are those of the text that it was made from.
    """
    builder = _Builder(source, places)
    try:
        builder.parser.Parse(source.body, True)  # noqa: FBT003  (expat takes no keywords)
    except expat.ExpatError as error:
        at = builder.parser.ErrorByteIndex
        at = len(source.body) if at < 0 else at
        raise NotWellFormedError(error.code, at, builder.open) from error
    if builder.root is None:
        raise NotWellFormedError(3, len(source.body), [])
    return Tree(source, builder.root, builder.places)
