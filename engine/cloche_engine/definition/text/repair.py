"""The two mistakes of the RFC's own example, and how each can be mended."""

from __future__ import annotations

from typing import NamedTuple

from cloche_engine.definition.text.source import Places, RefusedTextError, Source, read_source
from cloche_engine.definition.text.syntax import end_of_self_closed, stray_name
from cloche_engine.definition.text.tree import NotWellFormedError, parse_tree

STRAY_NAME = "stray-name-before-gt"
OPEN_SELF_CLOSED = "open-self-closed"
DROP_END_TAG = "drop-end-tag"


class Repair(NamedTuple):
    """One way to mend the first mistake: its code, what it does, and the mended document."""

    code: str
    description: str
    data: bytes


def repairs(data: bytes) -> list[Repair]:
    """The ways to mend the first mistake of a document; empty where it has none of those known."""
    try:
        source = read_source(data)
        error = _mistake(source)
    except RefusedTextError:
        return []
    return _repairs(source, error) if error else []


def _mistake(source: Source) -> NotWellFormedError | None:
    try:
        parse_tree(source)
    except NotWellFormedError as error:
        return error
    return None


def _repairs(source: Source, error: NotWellFormedError) -> list[Repair]:
    body = source.body
    places = Places(body)
    if stray := stray_name(body, error):
        line, _ = places.place(stray.start(3))
        name = stray[1].decode()
        mended = body[: stray.start(3)] + b"/" + body[stray.end(3) :]
        description = f"line {line}: write '/>' in place of '/{name}>'"
        return [Repair(STRAY_NAME, description, source.encode(mended))]
    if pair := end_of_self_closed(body, error):
        element, end_tag = pair
        line, _ = places.place(element.start)
        last, _ = places.place(end_tag.start())
        name = element.name
        slash = element.end - 2
        opened = body[:slash].rstrip() + body[slash + 1 :]
        dropped = _without_line(body, end_tag.start(), end_tag.end())
        return [
            Repair(
                OPEN_SELF_CLOSED,
                f"line {line}: end <{name}> with '>', so that all up to line {last} lies in it",
                source.encode(opened),
            ),
            Repair(
                DROP_END_TAG,
                f"line {last}: drop </{name}>, so that what follows line {line} stands beside it",
                source.encode(dropped),
            ),
        ]
    return []


def _without_line(body: bytes, start: int, end: int) -> bytes:
    before = body[:start].rstrip(b" \t")
    after = body[end:]
    rest = after.lstrip(b" \t")
    if before.endswith((b"\n", b"\r")) and rest.startswith((b"\n", b"\r")):
        return before + rest.removeprefix(b"\r").removeprefix(b"\n")
    return body[:start] + after
