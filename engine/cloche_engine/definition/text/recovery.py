"""How reading goes on behind a mistake that cannot be mended for sure: for the reader alone.

What is assumed here is offered to nobody as a fix; it lets the mistakes behind it be found as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.parsers.expat import errors

from cloche_engine.definition.problem import TextEdit
from cloche_engine.definition.text import loose
from cloche_engine.definition.text.repair import END_TAG, closed, ends_later
from cloche_engine.definition.text.tree import NotWellFormedError

_INVALID = errors.codes[errors.XML_ERROR_INVALID_TOKEN]
_MISMATCH = errors.codes[errors.XML_ERROR_TAG_MISMATCH]
_DUPLICATE = errors.codes[errors.XML_ERROR_DUPLICATE_ATTRIBUTE]
_JUNK = errors.codes[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
_UNCLOSED = errors.codes[errors.XML_ERROR_UNCLOSED_TOKEN]
_ENDED = errors.codes[errors.XML_ERROR_NO_ELEMENTS]
_MISPLACED = errors.codes[errors.XML_ERROR_MISPLACED_XML_PI]

_LINE = re.compile(rb"[^\r\n]*")
_START = re.compile(rb"<([^\s/<>]+)")
_ATTRIBUTE = re.compile(rb"""[^\s<>/='"]+\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_DECLARATION = re.compile(rb"<\?xml[^<>]*\?>")


def assumed(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    """The edit behind which reading goes on; None where nothing can be assumed."""
    found = (rule(body, error) for rule in _RULES)
    return next((each for each in found if each is not None), None)


def is_cut(error: NotWellFormedError) -> bool:
    """Whether the text ends amid its elements, so that what is missing may have stood there."""
    return error.code in {_UNCLOSED, _ENDED} and bool(error.opened)


def _end_tag(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    """One that fits nothing is passed over, unless nothing else ends what is open."""
    tag = END_TAG.match(body, max(0, error.offset - 2))
    if error.code != _MISMATCH or tag is None or not error.opened:
        return None
    inner = error.opened[-1]
    if ends_later(body, inner, tag.end()):
        return TextEdit(*tag.span(), "")
    if any(each.name.encode() == tag[1] for each in error.opened):
        return closed(body, inner, tag.start())
    return TextEdit(*tag.span(1), inner.name) if not inner.is_foreign else None


def _twice(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    tag = _ATTRIBUTE.match(body, error.offset) if error.code == _DUPLICATE else None
    return TextEdit(*tag.span(), "") if tag else None


def _behind_the_end(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    behind = error.code == _JUNK or (error.code == _INVALID and not error.opened)
    start = body.rfind(b"<", 0, error.offset + 1)
    if not behind or start < 0 or b">" not in body[:start]:
        return None
    return TextEdit(start if body[start + 1 : error.offset + 1] == b"/" else error.offset,
                    len(body), "")  # fmt: skip


def _declared_late(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    found = _DECLARATION.match(body, error.offset) if error.code == _MISPLACED else None
    return TextEdit(*found.span(), "") if found else None


def _comment(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    """One without an end holds the rest of its line, and only its own mark if that has tags."""
    if error.code != _UNCLOSED or not body.startswith(b"<!--", error.offset):
        return None
    line = _LINE.match(body, error.offset + 4)
    if line is None or b"<" in line[0] or b"--" in line[0]:
        return TextEdit(error.offset, error.offset + 4, "")
    return TextEdit(line.end(), line.end(), "-->")


def _cut(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    """At the end of a text that was cut, what is open ends, without the half of a tag."""
    if not is_cut(error):
        return None
    starts = [_START.match(body, element.start) for element in reversed(error.opened)]
    ends = b"".join(b"</" + start[1] + b">" for start in starts if start is not None)
    at = error.offset if error.code == _UNCLOSED else len(body)
    return TextEdit(at, len(body), ends.decode("utf-8", "replace"))


_Rule = Callable[[bytes, NotWellFormedError], TextEdit | None]
_RULES: tuple[_Rule, ...] = (
    _end_tag, _twice, _declared_late, loose.without_attribute, loose.without_dashes,
    loose.with_quote, _behind_the_end, _comment, _cut,
)  # fmt: skip
