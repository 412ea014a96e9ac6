"""The two mistakes of the RFC's own example, a tag misspelt, and how each can be mended."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from xml.parsers.expat import errors

from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.text.lines import before_space, whole_lines
from cloche_engine.definition.text.source import Places
from cloche_engine.definition.text.tree import Element, NotWellFormedError, Span

STRAY_NAME = "stray-name-before-gt"
OPEN_SELF_CLOSED = "open-self-closed"
DROP_END_TAG = "drop-end-tag"
MATCH_END_TAG = "match-end-tag"
MATCH_START_TAG = "match-start-tag"
CLOSE_ELEMENT = "close-element"

END_TAG = re.compile(rb"</([^\s<>/]+)\s*>")

_VALUE = rb"""(?:"[^"]*"|'[^']*')"""
_STRAY = re.compile(rb"<([^\s<>/=]+)((?:\s+[^\s=<>/]+\s*=\s*" + _VALUE + rb")*)\s*(/\s*\1\s*)>")
_CHILDLESS = re.compile(rb"<[^<>]*>[^<>]*\S(?=\s*<)")
_HOLDS_LINES = re.compile(rb"<[^<>]*>[ \t]*\r?\n\s*<")
_LINE_END = re.compile(rb"[ \t]*(\r?\n)")
_LONGEST = 40
_ALIKE = 0.6
_MISMATCH = errors.codes[errors.XML_ERROR_TAG_MISMATCH]


def repairs(body: bytes, places: Places, error: NotWellFormedError) -> tuple[Fix, ...]:
    """The ways to mend a mistake; empty where it is none of those known."""
    if stray := stray_name(body, error):
        description = f"write '/>' in place of '/{stray[1].decode()}>'"
        return (Fix(STRAY_NAME, description, (TextEdit(*stray.span(3), "/"),)),)
    if pair := end_of_self_closed(body, error):
        return _reopened(body, places, *pair)
    if pair := misspelt_pair(body, error):
        return _matched(places, *pair)
    if outer := end_of_outer(body, error):
        inner = error.opened[-1]
        line, _ = places.place(inner.start)
        description = f"write </{inner.name}> for the <{inner.name}> of line {line}"
        return (Fix(CLOSE_ELEMENT, description, (_written(body, inner, outer.start()),)),)
    return ()


def _reopened(
    body: bytes, places: Places, element: Element, end_tag: re.Match[bytes]
) -> tuple[Fix, ...]:
    line, _ = places.place(element.start)
    last, _ = places.place(end_tag.start())
    name = element.name
    opened = f"end the <{name}/> of line {line} with '>', so that all up to line {last} lies in it"
    dropped = (
        f"drop the </{name}> of line {last}, so that what follows line {line} stands beside it"
    )
    slash = TextEdit(before_space(body, element.end - 2), element.end - 1, "")
    span = whole_lines(body, Span(*end_tag.span()))
    return (
        Fix(OPEN_SELF_CLOSED, opened, (slash,)),
        Fix(DROP_END_TAG, dropped, (TextEdit(span.start, span.end, ""),)),
    )


def _matched(places: Places, element: Element, end_tag: re.Match[bytes]) -> tuple[Fix, ...]:
    line, _ = places.place(element.start)
    opened, closed = element.name, end_tag[1].decode()
    start = element.start + 1
    renamed = TextEdit(start, start + len(opened.encode()), closed)
    return (
        Fix(MATCH_END_TAG, f"write </{opened}> in place of </{closed}>",
            (TextEdit(*end_tag.span(1), opened),)),
        Fix(MATCH_START_TAG, f"write <{closed}> in place of <{opened}> in line {line}",
            (renamed,)),
    )  # fmt: skip


def closed(body: bytes, element: Element, end: int) -> TextEdit:
    """The edit that ends an open element: behind its text, or behind all that it holds."""
    text = _CHILDLESS.match(body, element.start, end + 1)
    at = text.end() if text is not None else before_space(body, end)
    return TextEdit(at, at, f"</{element.name.rpartition(' ')[2]}>")


def _written(body: bytes, element: Element, end: int) -> TextEdit:
    """As `closed`, on a line of its own where the start tag has one and what follows too."""
    edit = closed(body, element, end)
    line = body.rfind(b"\n", 0, element.start) + 1
    indent = body[line : element.start]
    newline = _LINE_END.match(body, edit.start)
    if indent.strip() or newline is None or not _HOLDS_LINES.match(body, element.start, edit.end):
        return edit
    return TextEdit(edit.start, edit.end, f"{newline[1].decode()}{indent.decode()}{edit.text}")


def end_of_outer(body: bytes, error: NotWellFormedError) -> re.Match[bytes] | None:
    """The end tag of an element around the innermost open one, whose own end tag is missing."""
    found = END_TAG.match(body, max(0, error.offset - 2))
    if error.code != _MISMATCH or found is None or error.opened[-1].is_foreign:
        return None
    name = found[1].decode("utf-8", "replace")
    if ends_later(body, error.opened[-1], found.end()):
        return None
    return found if any(outer.name == name for outer in error.opened[:-1]) else None


def ends_later(body: bytes, element: Element, start: int) -> bool:
    """Whether an end tag behind an offset is left over for an open element."""
    name = re.escape(element.name.rpartition(" ")[2].encode())
    starts = re.compile(rb"<" + name + rb"(?:\s[^<>]*)?(?<!/)>").findall(body, start)
    return len(re.compile(rb"</" + name + rb"\s*>").findall(body, start)) > len(starts)


def misspelt_pair(body: bytes, error: NotWellFormedError) -> tuple[Element, re.Match[bytes]] | None:
    """The innermost open element and an end tag whose name is nearly the same."""
    if error.code != _MISMATCH or not error.opened:
        return None
    found = END_TAG.match(body, max(0, error.offset - 2))
    element = error.opened[-1]
    if found is None or element.is_foreign or len(found[1]) > _LONGEST:
        return None
    likeness = SequenceMatcher(None, element.name, found[1].decode("utf-8", "replace")).ratio()
    return (element, found) if likeness >= _ALIKE else None


def stray_name(body: bytes, error: NotWellFormedError) -> re.Match[bytes] | None:
    """A start tag that ends in `/NAME>`; group 3 is the part that should be `/`."""
    start = body.rfind(b"<", 0, error.offset + 1)
    found = _STRAY.match(body, start) if start >= 0 else None
    return found if found and found.start(3) <= error.offset < found.end() else None


def end_of_self_closed(
    body: bytes, error: NotWellFormedError
) -> tuple[Element, re.Match[bytes]] | None:
    """An end tag whose element was ended by `/>` before, with no other open one of that name."""
    found = END_TAG.match(body, max(0, error.offset - 2))
    if error.code != _MISMATCH or found is None or not error.opened:
        return None
    name = found[1].decode("utf-8", "replace")
    before = [child for child in error.opened[-1].children if child.name == name]
    if any(opened.name == name for opened in error.opened):
        return None
    if not before or not before[-1].self_closed:
        return None
    return before[-1], found
