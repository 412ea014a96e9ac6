"""Addresses on the screen: told by the program (OSC 8), or found in its text."""

import re
from dataclasses import dataclass

from pyghostty import ffi, lib
from PyQt6.QtCore import QUrl

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.marks import grid_ref, is_wrapped
from cloche_gui.widgets.terminal.model import Point

ADDRESS_LIMIT = 2048
_SCHEMES = {"http", "https"}
_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\^{}\x00-\x1f]{1,2000}", re.IGNORECASE)
_CLOSING = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads, and its cells: rows of the viewport with first and last column."""

    address: str
    cells: tuple[tuple[int, int, int], ...]


def link_at(core: TerminalCore, row: int, column: int) -> Link | None:
    """The link of this cell of the viewport, if it leads to the web."""
    return _told(core, row, column) or _found(core, row, column)


def _told(core: TerminalCore, row: int, column: int) -> Link | None:
    top, width = core.position.offset, core.columns
    uri = _uri(core, top + row, column)
    address = _checked(uri)
    if address is None:
        return None
    first = last = row * width + column
    while first > 0 and _uri(core, top + (first - 1) // width, (first - 1) % width) == uri:
        first -= 1
    end = core.rows * width - 1
    while last < end and _uri(core, top + (last + 1) // width, (last + 1) % width) == uri:
        last += 1
    return Link(address, _cells(first, last, width))


def _uri(core: TerminalCore, row: int, column: int) -> str:
    ref = grid_ref(core, Point(row, column))
    length = ffi.new("size_t*")
    if ref is None:
        return ""
    lib.ghostty_grid_ref_hyperlink_uri(ref, ffi.NULL, 0, length)
    if not 0 < length[0] <= ADDRESS_LIMIT:
        return ""
    uri = ffi.new("uint8_t[]", length[0])
    if lib.ghostty_grid_ref_hyperlink_uri(ref, uri, len(uri), length):
        return ""
    return bytes(ffi.buffer(uri, length[0])).decode("utf-8", "replace")


def _found(core: TerminalCore, row: int, column: int) -> Link | None:
    """An address in the text, also where its line was wrapped."""
    first, last = row, row
    while first > 0 and is_wrapped(core, first - 1):
        first -= 1
    while last < len(core.screen) - 1 and is_wrapped(core, last):
        last += 1
    places = [
        (line, at, cluster or " ")
        for line in range(first, last + 1)
        for at, cluster in enumerate(core.screen[line].clusters)
        if cluster
    ]
    text = "".join(cluster[0] for _, _, cluster in places)
    for match in _ADDRESS.finditer(text):
        end = match.start() + len(_trimmed(match[0]))
        cells = places[match.start() : end]
        if any(place[:2] == (row, column) for place in cells):
            address = _checked(text[match.start() : end])
            width = core.columns
            ends = (cells[0][0] * width + cells[0][1], cells[-1][0] * width + cells[-1][1])
            return Link(address, _cells(*ends, width)) if address else None
    return None


def _trimmed(address: str) -> str:
    """Without what ends a sentence, and without a bracket that was opened before."""
    while address and (address[-1] in ".,;:!?" or _is_unopened(address)):
        address = address[:-1]
    return address


def _is_unopened(address: str) -> bool:
    opening = _CLOSING.get(address[-1])
    return opening is not None and address.count(opening) < address.count(address[-1])


def _checked(uri: str) -> str | None:
    """The address as plain ASCII, so that no letter passes for another; None if not of the web."""
    url = QUrl(uri, QUrl.ParsingMode.TolerantMode)
    if not url.isValid() or url.scheme().lower() not in _SCHEMES or not url.host():
        return None
    return url.toString(QUrl.ComponentFormattingOption.FullyEncoded)


def _cells(first: int, last: int, width: int) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (
            row,
            first % width if row == first // width else 0,
            last % width if row == last // width else width - 1,
        )
        for row in range(first // width, last // width + 1)
    )
