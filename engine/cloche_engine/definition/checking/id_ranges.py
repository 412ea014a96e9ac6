"""Ranges of one map of ids that are in each other's way."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from cloche_engine.definition.checking.listing import Listing
from cloche_engine.definition.schema.domain import MAX_ID
from cloche_engine.definition.spec import IdRange

_Where = TypeVar("_Where")


def check_ranges(listing: Listing[_Where], ranges: Collection[tuple[_Where, IdRange]]) -> None:
    """Ids that do not exist, and ids that stand in two ranges, inside or on the host."""
    for where, part in ranges:
        if max(part.inside, part.host) + part.count - 1 > MAX_ID:
            listing.error("idmap", where, f"the range goes beyond {MAX_ID}, the last id there is")
    inside = [(part.inside, part.count, where) for where, part in ranges]
    on_host = [(part.host, part.count, where) for where, part in ranges]
    _check_overlap(listing, inside, "inside")
    _check_overlap(listing, on_host, "on the host")


def _check_overlap(
    listing: Listing[_Where], spans: list[tuple[int, int, _Where]], side: str
) -> None:
    end, last = -1, None
    for first, count, where in sorted(spans, key=lambda span: span[0]):
        if first < end and last is not None:
            line, _ = listing.place(last)
            reason = f"id {first} {side} is mapped twice, the other range is in line {line}"
            listing.error("idmap", where, reason, "make the ranges apart")
        if first + count > end:
            end, last = first + count, where
