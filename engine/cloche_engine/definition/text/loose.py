"""Single characters that XML wants otherwise: a bare `&` or `<`, a value without its quotes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers.expat import errors

from cloche_engine.definition.names import short
from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.text.tree import NotWellFormedError

ESCAPE = "escape"
QUOTE = "quote-value"
TRIM = "trim-start"

_INVALID = errors.codes[errors.XML_ERROR_INVALID_TOKEN]
_ENTITY = errors.codes[errors.XML_ERROR_UNDEFINED_ENTITY]
_MISPLACED = errors.codes[errors.XML_ERROR_MISPLACED_XML_PI]

_NAME = rb"[^\s<>/=&!?'\"]+"
_HEAD = rb"<" + _NAME + rb"(?:\s+" + _NAME + rb"\s*=\s*" + rb"""(?:"[^"<]*"|'[^'<]*'))*"""
_WHOLE = re.compile(_HEAD + rb"\s*/?>|</[^<>]*>|<[!?][^<]*>")
_BEFORE_VALUE = re.compile(_HEAD + rb"\s+(" + _NAME + rb")\s*=\s*")
_IN_VALUE = re.compile(_BEFORE_VALUE.pattern + rb"""(?P<quote>["'])(?P<value>[^<]*)""")
_WITHOUT_VALUE = re.compile(_HEAD + rb"\s+(" + _NAME + rb")\s*")
_END_OF_VALUE = re.compile(rb"\s*(?:/?>|[\r\n])")
_BARE_VALUE = re.compile(rb"[^\s<>&='\"]+?(?=\s|/?>)")
_REST_OF_VALUE = {
    quote: re.compile(rb"<[^<>\r\n" + quote + rb"]*" + quote) for quote in (b"'", b'"')
}
_UNKNOWN = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);|#)([^\s<>&;'\"]*)")
_CURLY = "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
_CURLY += "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"


@dataclass(frozen=True, slots=True)
class Loose:
    """Where such a character stands, what is wrong with it and how it is mended."""

    offset: int
    reason: str
    hint: str
    fixes: tuple[Fix, ...] = ()


def find(body: bytes, error: NotWellFormedError) -> Loose | None:
    """What a mistake is in words of who made it; None where it is another one."""
    found = (rule(body, error) for rule in _RULES)
    return next((each for each in found if each is not None), None)


def is_content(body: bytes, at: int) -> bool:
    """Whether an offset lies in text or in an attribute's value, not between the two."""
    start = body.rfind(b"<", 0, at)
    whole = _WHOLE.match(body, start) if start >= 0 else None
    return (whole is not None and whole.end() <= at) or _open_value(body, at) is not None


def bare_ampersand(body: bytes, error: NotWellFormedError) -> int | None:
    """The `&` of text or of a value that begins none of XML's five entities."""
    if error.code not in {_INVALID, _ENTITY}:
        return None
    at = body.rfind(b"&", 0, error.offset + 1)
    if error.code == _ENTITY and body[error.offset : error.offset + 1] == b"<":
        found = _UNKNOWN.search(body, error.offset)
    else:
        found = _UNKNOWN.match(body, at) if at >= 0 else None
        if found is not None and found.end() < error.offset:
            return None
    return found.start() if found is not None and is_content(body, found.start()) else None


def _ampersand(body: bytes, error: NotWellFormedError) -> Loose | None:
    at = bare_ampersand(body, error)
    if at is None:
        return None
    found = _UNKNOWN.match(body, at)
    name = short(found[1].decode("utf-8", "replace"), 20) if found is not None else ""
    hint = "write '&amp;' for '&' itself"
    if body[at + 1 + len(name.encode()) :].startswith(b";") and name:
        reason = f"'&{name};' is an entity that XML does not know"
        hint += "; only amp, lt, gt, quot and apos are known"
    else:
        reason = "'&' begins an entity in XML and cannot stand alone"
    return Loose(at, reason, hint, (_escaped(at, "&", "&amp;"),))


def _less_than(body: bytes, error: NotWellFormedError) -> Loose | None:
    """`a < b` in a text, `'a<b'` in a value."""
    if error.code != _INVALID or not error.opened:
        return None
    at = error.offset - 1
    if body[at : at + 1] == b"<" and is_content(body, at):
        reason = "'<' begins an element in XML and cannot stand alone"
        return Loose(at, reason, "write '&lt;' for '<' itself", (_escaped(at, "<", "&lt;"),))
    return None


def _open_quote(body: bytes, error: NotWellFormedError) -> Loose | None:
    at = error.offset
    if error.code != _INVALID or body[at : at + 1] != b"<":
        return None
    found = _open_value(body, at)
    if found is None:
        return None
    is_short = not re.search(rb"[>\r\n]", found["value"])
    if is_short and _REST_OF_VALUE[found["quote"]].match(body, at):
        reason = "'<' cannot stand in a value"
        return Loose(at, reason, "write '&lt;' for '<' itself", (_escaped(at, "<", "&lt;"),))
    name = short(found[1].decode("utf-8", "replace"))
    quote = found["quote"].decode()
    reason = f"the value of {name} does not end: its second {quote} is missing"
    return Loose(found.start("quote"), reason, f"write {quote} at the end of the value")


def _no_quotes(body: bytes, error: NotWellFormedError) -> Loose | None:
    at = error.offset
    before = _head(_BEFORE_VALUE, body, at)
    if error.code != _INVALID or before is None:
        return None
    name = short(before[1].decode("utf-8", "replace"))
    found = _BARE_VALUE.match(body, at)
    if found is None:
        return Loose(at, f"{name} has no value", f"write {name}='...'")
    value = found[0].decode("utf-8", "replace").strip(_CURLY)
    edit = TextEdit(at, found.end(), f"'{value}'")
    written = f"{name}='{short(value)}'"
    fix = Fix(QUOTE, f"write {written}", (edit,))
    return Loose(at, f"the value of {name} is not in quotes", f"write {written}", (fix,))


def _no_value(body: bytes, error: NotWellFormedError) -> Loose | None:
    found = _head(_WITHOUT_VALUE, body, error.offset)
    if error.code != _INVALID or found is None:
        return None
    name = short(found[1].decode("utf-8", "replace"))
    return Loose(found.start(1), f"the attribute {name} has no value", f"write {name}='...'")


def _dashes(body: bytes, error: NotWellFormedError) -> Loose | None:
    start = body.rfind(b"<!--", 0, error.offset)
    if error.code != _INVALID or start < 0 or body.find(b"-->", start, error.offset) >= 0:
        return None
    at = body.find(b"--", start + 4)
    return Loose(at, "'--' cannot stand in a comment", "write one dash, or end the comment there")


def without_attribute(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    """The edit that takes an attribute without a value away."""
    found = None
    if error.code == _INVALID:
        found = _head(_WITHOUT_VALUE, body, error.offset)
        found = found or _head(_BEFORE_VALUE, body, error.offset)
    return TextEdit(found.start(1), error.offset, "") if found is not None else None


def with_quote(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    """The edit that ends a value where its tag seems to end, or its line."""
    found = _open_value(body, error.offset) if error.code == _INVALID else None
    end = _END_OF_VALUE.search(body, found.start("value")) if found is not None else None
    if found is None or end is None or body[error.offset : error.offset + 1] != b"<":
        return None
    quote = found["quote"].decode()
    return TextEdit(end.start(), end.start(), quote if b">" in end[0] else f"{quote}>")


def without_dashes(body: bytes, error: NotWellFormedError) -> TextEdit | None:
    """The edit that makes one dash of those that cannot stand in a comment."""
    found = _dashes(body, error)
    if found is None:
        return None
    end = found.offset
    while body[end : end + 1] == b"-":
        end += 1
    return TextEdit(found.offset, end, "--" if body[end : end + 1] == b">" else "-")


def _declaration(body: bytes, error: NotWellFormedError) -> Loose | None:
    at = error.offset
    if error.code != _MISPLACED:
        return None
    reason = "<?xml ...?> can stand at the very beginning only"
    if body[:at].strip():
        return Loose(at, reason, "remove it here")
    fix = Fix(TRIM, "remove the space before <?xml ...?>", (TextEdit(0, at, ""),))
    return Loose(at, reason, "remove the space before it", (fix,))


_Rule = Callable[[bytes, NotWellFormedError], Loose | None]
_RULES: tuple[_Rule, ...] = (
    _ampersand, _less_than, _open_quote, _no_quotes, _no_value, _dashes, _declaration,
)  # fmt: skip


def _open_value(body: bytes, at: int) -> re.Match[bytes] | None:
    """The attribute whose value has begun before an offset and not ended."""
    found = _head(_IN_VALUE, body, at)
    return found if found is not None and found["quote"] not in found["value"] else None


def _head(pattern: re.Pattern[bytes], body: bytes, at: int) -> re.Match[bytes] | None:
    start = body.rfind(b"<", 0, at)
    return pattern.fullmatch(body, start, at) if start >= 0 else None


def _escaped(at: int, character: str, written: str) -> Fix:
    edit = TextEdit(at, at + 1, written)
    return Fix(ESCAPE, f"write '{written}' in place of '{character}'", (edit,))
