"""Where a position lies in a text that need not be well-formed: in a tag, a value, between tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from cloche_engine.definition.text.prefixes import Bindings, full_name, rebound

_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<!.*?(?:>|\Z)"
    r"|</(?P<closed>[^\s<>/=]*)[^<>]*>?"
    r"|<(?P<opened>[^\s<>/='\"!?]*)(?P<inside>(?:\"[^\"<]*(?:\"|(?=<)|\Z)|'[^'<]*(?:'|(?=<)|\Z)"
    r"|[^<>'\"])*)(?P<end>>?)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"([^\s=/'\"]+)(?:(\s*=\s*)(?:\"([^\"]*)(\"?)|'([^']*)('?)|([^\s'\">/]*)))?"
)


class Where(StrEnum):
    """What is being written at a position."""

    CONTENT = "between tags"
    ELEMENT = "the name of an element"
    END_TAG = "the name in an end tag"
    ATTRIBUTE = "the name of an attribute"
    VALUE = "the value of an attribute"
    NOWHERE = "a comment, CDATA, or something else that is free"


@dataclass(slots=True)
class Open:
    """An element that is open at the position, and the children written so far.

    tag is its name as written; its name and theirs are as a tree has them, `URI NAME`.
    """

    tag: str
    name: str
    bindings: Bindings
    children: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Position:
    """What is written at a position: the word there has the characters from start up to end.

    Names are as a tree has them, bindings what prefixes mean there. stack is the way from the
    root; of a tag that is being written, its element is not in it. siblings are the other children
    of the innermost element, before and behind. A whole tag has its `>`, a whole attribute its
    value.
    """

    where: Where
    start: int
    end: int
    stack: tuple[Open, ...]
    siblings: tuple[str, ...] = ()
    element: str = ""
    attributes: tuple[str, ...] = ()
    attribute: str = ""
    quote: str = ""
    is_whole: bool = False
    bindings: Bindings = ()

    @property
    def parent(self) -> str:
        """The name of the innermost open element, empty outside of the root."""
        return self.stack[-1].name if self.stack else ""


def locate(text: str, offset: int) -> Position:
    """The position of a character offset, 0 to len(text)."""
    stack: list[Open] = []
    for found in _MARKUP.finditer(text):
        if found.end() > offset or (found.end() == offset and not _is_closed(found[0])):
            if found.start() >= offset:
                break
            return _inside(text, found, offset, stack)
        _follow(stack, found)
    return _content(text, offset, stack)


def _is_closed(markup: str) -> bool:
    return markup.endswith(">") and len(markup) > 1


def _follow(stack: list[Open], found: re.Match[str]) -> None:
    """Step over one piece of markup."""
    if found["opened"]:
        bindings = _rebound(stack, found)
        name = full_name(found["opened"], bindings)
        if stack:
            stack[-1].children.append(name)
        if found["end"] and not found["inside"].endswith("/"):
            stack.append(Open(found["opened"], name, bindings))
    elif found["closed"] and any(open_.tag == found["closed"] for open_ in stack):
        while stack.pop().tag != found["closed"]:
            pass


def _bindings(stack: Sequence[Open]) -> Bindings:
    return stack[-1].bindings if stack else ()


def _rebound(stack: Sequence[Open], found: re.Match[str]) -> Bindings:
    """What is bound in an element that is opened below the innermost one."""
    outer = _bindings(stack)
    return rebound(outer, _attributes(found["inside"])) if "xmlns" in found["inside"] else outer


def _name(stack: Sequence[Open], found: re.Match[str]) -> str:
    return full_name(found["opened"], _rebound(stack, found))


def _attributes(inside: str) -> dict[str, str]:
    return {
        found[1]: found[3] if found[3] is not None else found[5] or ""
        for found in _ATTRIBUTE.finditer(inside)
        if found[2]
    }


def _content(text: str, offset: int, stack: list[Open]) -> Position:
    siblings = _siblings(text, offset, stack)
    around = _bindings(stack)
    return Position(Where.CONTENT, offset, offset, tuple(stack), siblings, bindings=around)


def _siblings(text: str, offset: int, stack: list[Open]) -> tuple[str, ...]:
    """The children of the innermost element, those behind the position too."""
    if not stack:
        return _roots(text)
    open_around = {each.tag for each in stack}
    behind: list[str] = []
    inner: list[Open] = []
    for found in _MARKUP.finditer(text, offset):
        name = found["closed"]
        if name in open_around and all(each.tag != name for each in inner):
            break
        if found["opened"] and not inner:
            behind.append(_name(stack, found))
        _follow(inner, found)
    return (*stack[-1].children, *behind)


def _roots(text: str) -> tuple[str, ...]:
    """The name of the first element, where there is one."""
    found = (each["opened"] for each in _MARKUP.finditer(text))
    return tuple(islice(filter(None, found), 1))


def _inside(text: str, found: re.Match[str], offset: int, stack: list[Open]) -> Position:
    """The position within one piece of markup."""
    if found["closed"] is not None:
        return _in_end_tag(found, offset, stack)
    if found["opened"] is None:
        return Position(Where.NOWHERE, offset, offset, tuple(stack))
    name_end = found.end("opened")
    if offset > name_end:
        return _in_tag(text, found, offset, stack)
    siblings = _siblings(text, found.end(), stack) if stack else ()
    start, whole = found.start() + 1, bool(found["end"])
    return Position(
        Where.ELEMENT,
        start,
        name_end,
        tuple(stack),
        siblings,
        _name(stack, found),
        is_whole=whole,
        bindings=_rebound(stack, found),
    )


def _in_end_tag(found: re.Match[str], offset: int, stack: list[Open]) -> Position:
    start, end = found.span("closed")
    if offset < start:
        return Position(Where.ELEMENT, offset, offset, tuple(stack))
    if offset > end:
        return Position(Where.NOWHERE, offset, offset, tuple(stack))
    return Position(Where.END_TAG, start, end, tuple(stack))


def _in_tag(text: str, found: re.Match[str], offset: int, stack: list[Open]) -> Position:
    base = found.start("inside")
    inside, element = found["inside"], _name(stack, found)
    names = [each[1] for each in _ATTRIBUTE.finditer(inside)]
    for each in _ATTRIBUTE.finditer(inside):
        start, end = base + each.start(1), base + each.end(1)
        if start <= offset <= end:
            others = tuple(name for name in names if name != each[1])
            return Position(
                Where.ATTRIBUTE,
                start,
                end,
                tuple(stack),
                (),
                element,
                others,
                is_whole=bool(each[2]),
            )
        value = next((group for group in (3, 5, 7) if each[group] is not None), None)
        if value is None:
            continue
        low, high = base + each.start(value), base + each.end(value)
        if low <= offset <= high:
            quote = {3: '"', 5: "'"}.get(value, "")
            return Position(
                Where.VALUE,
                low,
                high,
                tuple(stack),
                (),
                element,
                tuple(names),
                each[1],
                quote,
            )
    before = text[offset - 1] if offset else ""
    where = Where.ATTRIBUTE if before.isspace() else Where.NOWHERE
    return Position(where, offset, offset, tuple(stack), (), element, tuple(names))
