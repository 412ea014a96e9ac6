"""Says what is wrong where expat only says that something is, and how to mend it."""

from __future__ import annotations

import re
from xml.parsers.expat import errors

from cloche_engine.definition.names import short
from cloche_engine.definition.problem import Problem, Severity
from cloche_engine.definition.text import loose
from cloche_engine.definition.text.repair import END_TAG, end_of_self_closed, repairs, stray_name
from cloche_engine.definition.text.source import Places
from cloche_engine.definition.text.tree import Element, NotWellFormedError

CODE = "not-well-formed"

_MISMATCH = errors.codes[errors.XML_ERROR_TAG_MISMATCH]
_DUPLICATE = errors.codes[errors.XML_ERROR_DUPLICATE_ATTRIBUTE]
_JUNK = errors.codes[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
_UNBOUND = errors.codes[errors.XML_ERROR_UNBOUND_PREFIX]
_LAST_PLAIN = 40
_NAME = re.compile(rb"[^\s<>/='\"]+")
_ONE = "remove one of the two"


def explain(body: bytes, places: Places, error: NotWellFormedError) -> Problem:
    """The problem behind an expat error: place, reason and how to mend it."""
    if found := loose.find(body, error):
        place = places.place(found.offset)
        return Problem(CODE, Severity.ERROR, *place, found.reason, found.hint, found.fixes)
    offset, reason, hint = _explained(body, places, error)
    fixes = repairs(body, places, error)
    return Problem(CODE, Severity.ERROR, *places.place(offset), reason, hint, fixes)


def _explained(body: bytes, places: Places, error: NotWellFormedError) -> tuple[int, str, str]:
    if not body.strip():
        return 0, "the document is empty", "a definition begins with <domain type='linuxcontainer'>"
    if stray := stray_name(body, error):
        name = short(stray[1].decode("utf-8", "replace"))
        reason = f"<{name} ...> ends in '/{name}>', which is neither '/>' nor an end tag"
        return stray.start(3), reason, f"write '/>' in place of '/{name}>'"
    if pair := end_of_self_closed(body, error):
        return _closed_twice(places, pair)
    if error.code == _MISMATCH:
        return _mismatch(body, places, error)
    if error.offset >= len(body.rstrip()):
        return _cut(places, error, len(body))
    return _plain(body, error)


def _closed_twice(places: Places, pair: tuple[Element, re.Match[bytes]]) -> tuple[int, str, str]:
    element, end_tag = pair
    name = short(element.name)
    line, _ = places.place(element.start)
    here, _ = places.place(end_tag.start())
    reason = f"</{name}> ends nothing: the <{name} .../> in line {line} ended itself with '/>'"
    hint = (
        f"either open it: end line {line} with '>' instead of '/>', so that what follows lies in "
        f"<{name}>; or drop the </{name}> in line {here}"
    )
    return end_tag.start(), reason, hint


def _mismatch(body: bytes, places: Places, error: NotWellFormedError) -> tuple[int, str, str]:
    start = max(0, error.offset - 2)
    found = END_TAG.match(body, start)
    name = short(found[1].decode("utf-8", "replace")) if found else "..."
    opened = error.opened[-1]
    inner = short(opened.name.rpartition(" ")[2])
    line, _ = places.place(opened.start)
    reason = f"</{name}> does not fit: <{inner}> from line {line} is still open"
    return start, reason, f"write </{inner}> before it, or correct one of the two names"


def _cut(places: Places, error: NotWellFormedError, end: int) -> tuple[int, str, str]:
    if not error.opened:
        hint = "the file may be cut: add what is missing"
        return end, "the document ends in the middle", hint
    inner = error.opened[-1]
    name = short(inner.name.rpartition(" ")[2])
    line, _ = places.place(inner.start)
    reason = f"the document ends before the <{name}> of line {line} is closed"
    return end, reason, f"the file may be cut: add what is missing, at least </{name}>"


def _plain(body: bytes, error: NotWellFormedError) -> tuple[int, str, str]:
    near = body[error.offset : error.offset + _LAST_PLAIN].decode("utf-8", "ignore")
    at = short(near.partition("\n")[0].strip(), 20)
    if error.code == _DUPLICATE:
        return error.offset, f"{_attribute(body, error)} stands twice in one element", _ONE
    if error.code == _JUNK:
        reason = f"'{at}' stands behind the end of the document's only element"
        return error.offset, reason, "remove it, or move it into <domain>"
    if error.code == _UNBOUND:
        hint = "declare it with xmlns:PREFIX='...'"
        return error.offset, "a name has a prefix that is not declared", hint
    if tag := END_TAG.match(body, max(0, error.offset - 1)) if not error.opened else None:
        name = short(tag[1].decode("utf-8", "replace"))
        reason = f"</{name}> ends nothing: the document's only element has ended before it"
        return tag.start(), reason, "remove it"
    if near.startswith("<!--"):
        reason = "the comment that begins here does not end"
        return error.offset, reason, "write --> where it ends"
    reason = f"XML cannot be read from '{at}' on: {error}" if at else f"XML cannot be read: {error}"
    return error.offset, reason, _hint_for(near)


def _attribute(body: bytes, error: NotWellFormedError) -> str:
    found = _NAME.match(body, error.offset)
    if found is None:
        return "an attribute"
    return f"the attribute {short(found[0].decode('utf-8', 'replace'))}"


def _hint_for(near: str) -> str:
    if near.startswith("&"):
        return "write '&amp;' for '&' itself"
    if near.startswith("<"):
        return "write '&lt;' for '<' itself, or close the tag or the quote before it"
    return "check quotes, '<' and '>' here and just before"
