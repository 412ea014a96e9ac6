"""Elements as they are written, with every prefix declared that they use from further out."""

from __future__ import annotations

import re
from xml.parsers import expat

from cloche_engine.definition.text.markup import escape_value
from cloche_engine.definition.text.tree import Element, Span, Tree

_TAG_NAME = re.compile(rb"<([^\s/>]+)")
_XMLNS = "xmlns:"
_Known = tuple[frozenset[str], ...]


class Verbatim:
    """The texts of one tree's elements; what is declared above them is looked up once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._declared: dict[Element, dict[str, str]] = {}

    def text(self, element: Element) -> str:
        """The element's own bytes; where prefixes come from above they are declared on it."""
        body = self.tree.body
        declared = "".join(
            f" {_XMLNS}{prefix}='{escape_value(uri, chr(39))}'"
            for prefix in self._needed(element)
            if (uri := self._lookup(element.parent, prefix)) is not None
        )
        head = element.start + len(self._name(element)) + 1
        start = body[element.start : head].decode()
        return start + declared + body[head : element.end].decode()

    def inner(self, element: Element) -> str:
        """What stands between its tags."""
        span = self.tree.content(element)
        return self.tree.body[span.start : span.end].decode()

    def _lookup(self, element: Element | None, prefix: str) -> str | None:
        """What a prefix means at an element."""
        while element is not None:
            if element not in self._declared:
                self._declared[element] = self._declarations(element)
            if prefix in self._declared[element]:
                return self._declared[element][prefix]
            element = element.parent
        return None

    def _declarations(self, element: Element) -> dict[str, str]:
        values = self.tree.tag(element).values
        return {
            name.removeprefix(_XMLNS): self._value(span)
            for name, span in values.items()
            if name.startswith(_XMLNS)
        }

    def _value(self, span: Span) -> str:
        return unescaped(self.tree.body[span.start : span.end].decode())

    def _needed(self, element: Element) -> list[str]:
        """The prefixes used in it and declared neither there nor between, in order of use."""
        found: dict[str, None] = {}
        waiting: list[tuple[Element, _Known]] = [(element, (frozenset({"xml", "xmlns"}),))]
        while waiting:
            current, known = waiting.pop()
            names = self.tree.tag(current).names
            own = frozenset(n.removeprefix(_XMLNS) for n in names if n.startswith(_XMLNS))
            known = (own, *known) if own else known
            for name in (self._name(current).decode(), *names):
                prefix = name.partition(":")[0] if ":" in name else "xml"
                if not any(prefix in level for level in known):
                    found[prefix] = None
            waiting += [(child, known) for child in reversed(current.children)]
        return list(found)

    def _name(self, element: Element) -> bytes:
        found = _TAG_NAME.match(self.tree.body, element.start)
        return found[1] if found else b""


def is_element(text: str, name: str = "") -> bool:
    """Whether a text is one whole element, of that name without a namespace where one is given."""
    if not text.startswith("<" + name):
        return False
    seen: list[str] = []
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = lambda found, _: seen.append(found) if not seen else None
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)  # noqa: FBT003
    except (expat.ExpatError, ValueError):
        return False
    return name in {"", seen[0]}


def _refuse(*_: object) -> None:
    raise ValueError("a document type is no element")


def unescaped(text: str) -> str:
    """An attribute's value as XML means it; a declared name has no entities but the five."""
    for written, character in (("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&quot;", '"')):
        text = text.replace(written, character)
    return text.replace("&amp;", "&")
