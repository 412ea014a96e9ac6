"""Spans that take the space around them along."""

from __future__ import annotations

import re

from cloche_engine.definition.text.tree import Span

_REST_OF_LINE = re.compile(rb"[ \t]*(?:\r\n?|\n|\Z)")


def before_space(body: bytes, at: int, space: bytes = b" \t\r\n") -> int:
    """Where the space in front of an offset begins."""
    while at > 0 and body[at - 1] in space:
        at -= 1
    return at


def whole_lines(body: bytes, span: Span) -> Span:
    """The span with its indentation and line end where nothing else stands in its lines."""
    rest = _REST_OF_LINE.match(body, span.end)
    start = before_space(body, span.start, b" \t")
    if rest is None or (start > 0 and body[start - 1 : start] not in {b"\n", b"\r"}):
        return span
    return Span(start, rest.end())
