"""Lets a text that is not well-formed be edited where it is: each mistake is masked, none moves.

A masked text has another byte in the place of each that is wrong, so that offsets are the same in
both; an edit is made in both, and what was masked comes out as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers.expat import errors

from cloche_engine.definition.text.loose import bare_ampersand
from cloche_engine.definition.text.repair import END_TAG, stray_name
from cloche_engine.definition.text.source import RefusedTextError, Source
from cloche_engine.definition.text.tree import (
    Element,
    NotWellFormedError,
    Span,
    Tree,
    parse_tree,
)

_MOST_MISTAKES = 16
_MISMATCH = errors.codes[errors.XML_ERROR_TAG_MISMATCH]
_START = re.compile(rb"<([^\s/<>!?]+)")
_TAG = re.compile(rb"<[^<>]*>")
_MASK = b"_"


class TornError(Exception):
    """An edit would touch a mistake, or a place of which a mistake leaves in doubt where it is."""


@dataclass(slots=True)
class Torn:
    """A broken text and its masks; `unsure` are the starts of elements that may hold more.

    `hidden` is what may lie in an element whose start tag is masked: it is found, but elsewhere.
    """

    body: bytes
    masks: list[Span] = field(default_factory=list)
    unsure: set[int] = field(default_factory=set)
    hidden: list[Span] = field(default_factory=list)

    def check_whole(self, element: Element) -> None:
        """TornError where an element may hold more, or less, than the tree shows."""
        if element.start in self.unsure:
            raise TornError

    def check_clean(self, element: Element) -> None:
        """TornError where an element's bytes hold a mistake."""
        self.check_whole(element)
        if any(mask.start < element.end and element.start < mask.end for mask in self.masks):
            raise TornError

    def replace(self, span: Span, text: bytes) -> None:
        """Make an edit; a mistake is left alone or replaced as a whole."""
        kept = [mask for mask in self.masks if not _covers(span, mask)]
        if span.end > len(self.body) or any(_meets(span, mask) for mask in kept):
            raise TornError
        if any(each.start <= span.start < each.end for each in self.hidden):
            raise TornError
        by = len(text) - (span.end - span.start)
        self.body = self.body[: span.start] + text + self.body[span.end :]
        self.masks = [_moved(mask, span.end, by) for mask in kept]
        self.hidden = [_moved(each, span.end, by) for each in self.hidden]
        self.unsure = {at + by if at >= span.end else at for at in self.unsure}


def _covers(span: Span, mask: Span) -> bool:
    return span.start <= mask.start and mask.end <= span.end


def _meets(span: Span, mask: Span) -> bool:
    return span.start < mask.end and mask.start < span.end


def _moved(mask: Span, end: int, by: int) -> Span:
    return Span(mask.start + by, mask.end + by) if mask.start >= end else mask


def mask_mistakes(source: Source) -> tuple[Tree, Torn] | None:
    """The tree of a broken text with its mistakes masked; None where they cannot all be."""
    torn = Torn(source.body)
    body, tail = source.body, b""
    for _ in range(_MOST_MISTAKES):
        try:
            tree = parse_tree(Source(body + tail, source.encoding, source.mark))
        except RefusedTextError:
            return None
        except NotWellFormedError as error:
            if error.offset >= len(body.rstrip()) and error.opened and not tail:
                tail = _closing(torn, body, error)
                continue
            mask = _mask(torn, body, error)
            if mask is None or mask.end > len(body):
                return None
            body = _masked(body, mask, stray_name(body, error))
            torn.masks.append(mask)
        else:
            return tree, torn
    return None


def _masked(body: bytes, mask: Span, stray: re.Match[bytes] | None) -> bytes:
    length = mask.end - mask.start
    # A start tag that ends in `/NAME>` ends in `   />`.
    written = b" " * (length - 2) + b"/>" if stray else _MASK * length
    return body[: mask.start] + written + body[mask.end :]


def _closing(torn: Torn, body: bytes, error: NotWellFormedError) -> bytes:
    """The end tags that are missing at the end; whoever lacks one may hold more."""
    torn.unsure |= {element.start for element in error.opened}
    names = (re.match(rb"<([^\s/>]+)", body[element.start :]) for element in error.opened[::-1])
    return b"".join(b"</" + found[1] + b">" for found in names if found)


def _mask(torn: Torn, body: bytes, error: NotWellFormedError) -> Span | None:
    """What is to be masked for one mistake; notes whose extent it leaves in doubt."""
    if not error.opened:
        return None
    if stray := stray_name(body, error):
        return Span(stray.start(3), stray.end())
    if error.code == _MISMATCH:
        return _end_tag(torn, body, error)
    at = bare_ampersand(body, error)
    return Span(at, at + 1) if at is not None else _tag(torn, body, error)


def _end_tag(torn: Torn, body: bytes, error: NotWellFormedError) -> Span | None:
    """An end tag that does not fit: of nothing that is open, or of something further out."""
    found = END_TAG.match(body, max(0, error.offset - 2))
    if found is None:
        return None
    name = found[1].decode("utf-8", "replace")
    is_open = any(opened.name == name for opened in error.opened)
    doubtful = error.opened if is_open else error.opened[-1:]
    torn.unsure |= {element.start for element in doubtful}
    _reveal(torn, body, found)
    return Span(*found.span())


def _reveal(torn: Torn, body: bytes, end_tag: re.Match[bytes]) -> None:
    """The end tag of a start tag that is masked: what follows is where it seems to be."""
    for at, hidden in reversed(list(enumerate(torn.hidden))):
        name = _START.match(torn.body, hidden.start)
        if hidden.end == len(body) and name is not None and name[1] == end_tag[1]:
            torn.hidden[at:] = [Span(hidden.start, end_tag.end())]
            return


def _tag(torn: Torn, body: bytes, error: NotWellFormedError) -> Span | None:
    """A tag that is none is masked whole, a lone `<` alone."""
    start = body.rfind(b"<", 0, error.offset + 1)
    if start <= error.opened[-1].start or body[start + 1 : start + 2] in {b"!", b"?"}:
        return None  # what an open comment holds is not known
    torn.unsure.add(error.opened[-1].start)
    found = _TAG.match(body, start)
    is_start = _START.match(torn.body, start) is not None
    if is_start and not (found is not None and found[0].endswith(b"/>")):
        torn.hidden.append(Span(start, len(body)))
    if found is not None and body[start + 1 : start + 2].isalpha() and error.offset < found.end():
        return Span(*found.span())
    return Span(start, start + 1)
