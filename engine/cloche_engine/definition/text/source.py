"""Bytes of a document on one side, UTF-8 without a byte order mark on the other."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass, field

from cloche_engine.definition.problem import Problem, Severity

MAX_BYTES = 128 * 1024
ENOUGH = 8 * MAX_BYTES
"""What is read of a file: more than any definition may have, so that the rest is not needed."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
# Codecs that map bytes to characters one to one and back; others could not keep every byte.
_ACCEPTED = re.compile(r"utf-8|utf-16(-[lb]e)?|ascii|iso8859-\d{1,2}|cp125\d|koi8-[ru]")
_CONTINUATION = bytes(range(0x80, 0xC0))
_BLOCK = 1024


class RefusedTextError(Exception):
    """The text cannot be read at all; carries the one problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Source:
    """A document's text as UTF-8 (`body`) and how to write it back: mark and encoding."""

    body: bytes
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def text(self) -> str:
        """The characters, without a byte order mark."""
        return self.body.decode()

    def encode(self, body: bytes) -> bytes:
        """Another body in this document's encoding; what it lacks becomes `&#N;`."""
        if self.encoding == "utf-8":
            return self.mark + body
        return self.mark + body.decode().encode(self.encoding, "xmlcharrefreplace")


@dataclass(slots=True)
class Places:
    """Lines and columns of offsets in a UTF-8 body, quick also where all is one line."""

    body: bytes
    _starts: list[int] = field(init=False)
    _before: list[int] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._starts = [0, *(found.end() for found in re.finditer(rb"\r\n?|\n", self.body))]
        if not self.body.isascii():
            self._before = [0]
            for at in range(0, len(self.body), _BLOCK):
                self._before.append(self._before[-1] + _characters(self.body[at : at + _BLOCK]))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a byte, both from 1."""
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        return line, self._count(offset) - self._count(start) + 1

    def _count(self, offset: int) -> int:
        if self._before is None:
            return offset
        block = min(offset, len(self.body)) // _BLOCK
        return self._before[block] + _characters(self.body[block * _BLOCK : offset])


def _characters(part: bytes) -> int:
    return len(part.translate(None, _CONTINUATION))


def refusal(code: str, place: tuple[int, int], reason: str, hint: str = "") -> RefusedTextError:
    """The exception for a text that cannot be read."""
    return RefusedTextError(Problem(code, Severity.ERROR, *place, reason, hint))


def read_source(data: bytes) -> Source:
    """Decode by mark and prolog; RefusedTextError where the bytes are no text in that encoding."""
    if len(data) > MAX_BYTES:
        raise refusal(
            "too-large",
            (1, 1),
            f"the document has more than the {MAX_BYTES} bytes that are read",
            "a definition of a container is a few kilobytes: check that this is the right file",
        )
    mark, encoding = _encoding(data)
    text = _decode(data[len(mark) :], encoding)
    return Source(text.encode(), encoding, mark)


def declared_encoding(text: str) -> str | None:
    """The accepted codec that the prolog names, or None where it names none."""
    found = _DECLARED.match(text[:256])
    return _codec(found[1]) if found else None


def _encoding(data: bytes) -> tuple[bytes, str]:
    mark, seen = next(((m, name) for m, name in _MARKS if data.startswith(m)), (b"", ""))
    if not seen:
        seen = next((name for start, name in _UNMARKED if data.startswith(start)), "")
    head = data[len(mark) :][:512].decode(seen or "latin-1", "ignore")
    declared = declared_encoding(head)
    if declared is None:
        return mark, seen or "utf-8"
    if declared.startswith("utf-16") != seen.startswith("utf-16") or (
        seen == "utf-8" and declared not in {"utf-8", "ascii"}
    ):
        raise refusal(
            "encoding",
            (1, 1),
            f"the prolog says {declared} but the bytes are {seen or 'of one byte each'}",
            "save the file in the encoding that its first line names, or change that line",
        )
    return mark, seen or declared


def _codec(name: str) -> str:
    try:
        codec = codecs.lookup(name).name if len(name) < 20 else ""
    except LookupError:
        codec = ""
    if not _ACCEPTED.fullmatch(codec):
        raise refusal(
            "encoding",
            (1, 1),
            f"the encoding '{name[:40]}' is not read here",
            "save the file as UTF-8 and write encoding='UTF-8' in its first line",
        )
    return codec


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "ignore").encode()
        raise refusal(
            "encoding",
            Places(before).place(len(before)),
            f"byte {error.start} is not {encoding} text ({error.reason})",
            "save the file as UTF-8, or name its encoding in the first line",
        ) from error
