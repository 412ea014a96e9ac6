"""Mounts that are in each other's way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cloche_engine.definition.checking.listing import Listing
from cloche_engine.definition.names import short, valid_path
from cloche_engine.definition.problem import Fix, Severity

_Where = TypeVar("_Where")
Either = Callable[[_Where, _Where], tuple[Fix, ...]]
"""The ways to keep one of two mounts."""


@dataclass(slots=True)
class _Node(Generic[_Where]):
    """One directory of the container; `mount` is what is mounted there, and its target."""

    below: dict[str, _Node[_Where]] = field(default_factory=dict)
    mount: tuple[_Where, str] | None = None


def check_targets(
    listing: Listing[_Where], mounts: Iterable[tuple[_Where, str]], either: Either[_Where]
) -> None:
    """Equal targets, and parents that would hide a mount made before them."""
    top: _Node[_Where] = _Node()
    for where, target in mounts:
        if valid_path(target):
            continue
        node = top
        for part in filter(None, target.split("/")):
            node = node.below.setdefault(part, _Node())
        if node.mount is not None:
            _doubled(listing, where, target, (node.mount[0], either))
        elif node.below and target != "/":
            _check_hidden(listing, where, target, node)
        node.mount = node.mount or (where, target)


def _doubled(
    listing: Listing[_Where], where: _Where, target: str, first: tuple[_Where, Either[_Where]]
) -> None:
    earlier, either = first
    line, _ = listing.place(earlier)
    reason = f"{short(target)} is mounted a second time, the first is in line {line}"
    ways = () if listing.is_full(Severity.ERROR) else either(earlier, where)
    listing.error("same-target", where, reason, "remove one of them", *ways)


def _check_hidden(
    listing: Listing[_Where], where: _Where, target: str, node: _Node[_Where]
) -> None:
    shown = short(target)
    hidden, below = next(_mounted(node))
    line, _ = listing.place(hidden)
    reason = f"{shown} would hide {short(below)}, mounted before it in line {line}"
    hint = f"move the mount of {shown} above line {line}"
    listing.error("hidden-mount", where, reason, hint)


def _mounted(node: _Node[_Where]) -> Iterator[tuple[_Where, str]]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.mount is not None:
            yield current.mount
        waiting += current.below.values()
