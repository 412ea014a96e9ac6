"""The two mistakes of the RFC's own example, and how each can be mended."""

from __future__ import annotations

import re
from xml.parsers.expat import errors

from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.text.lines import before_space, whole_lines
from cloche_engine.definition.text.source import Places
from cloche_engine.definition.text.tree import Element, NotWellFormedError, Span

STRAY_NAME = "stray-name-before-gt"
OPEN_SELF_CLOSED = "open-self-closed"
DROP_END_TAG = "drop-end-tag"

END_TAG = re.compile(rb"</([^\s<>/]+)\s*>")

_VALUE = rb"""(?:"[^"]*"|'[^']*')"""
_STRAY = re.compile(rb"<([^\s<>/=]+)((?:\s+[^\s=<>/]+\s*=\s*" + _VALUE + rb")*)\s*(/\s*\1\s*)>")
_MISMATCH = errors.codes[errors.XML_ERROR_TAG_MISMATCH]


def repairs(body: bytes, places: Places, error: NotWellFormedError) -> tuple[Fix, ...]:
    """The ways to mend a mistake; empty where it is none of the two."""
    if stray := stray_name(body, error):
        description = f"write '/>' in place of '/{stray[1].decode()}>'"
        return (Fix(STRAY_NAME, description, (TextEdit(*stray.span(3), "/"),)),)
    if pair := end_of_self_closed(body, error):
        return _reopened(body, places, *pair)
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
