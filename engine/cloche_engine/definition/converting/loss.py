"""What a conversion loses: found by comparing what was meant with what is read back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from cloche_engine.definition.converting.pairing import order, pairs
from cloche_engine.definition.converting.spec_json import Json, opaque_paths, to_json
from cloche_engine.definition.dialects.dialect import Dialect, Reason
from cloche_engine.definition.spec import ContainerSpec, Opaque

_INDEX = re.compile(r"\[[0-9]+\]")
_NO_CAPABILITIES: Json = {"policy": "default", "keep": [], "drop": []}


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is not the same any more: where it stood, what it was, why, what it is now.

    The path is one of the canonical JSON, `filesystems[1].size_kib`; now is None where it is gone,
    value where the target adds something.
    """

    path: str
    value: Json
    why: str
    now: Json = None

    @property
    def is_added(self) -> bool:
        """Whether the original says nothing of it."""
        return self.value is None

    @property
    def is_gone(self) -> bool:
        """Whether nothing stands in its place."""
        return self.now is None


@dataclass(frozen=True, slots=True)
class _Difference:
    path: str
    value: Json
    now: Json


def losses(
    spec: ContainerSpec, back: ContainerSpec, target: Dialect, reasons: tuple[Reason, ...]
) -> tuple[Loss, ...]:
    """All that differs between a specification and what the target's document means."""
    meant, read = to_json(spec), to_json(back)
    if _effective_hostname(meant) == _effective_hostname(read):
        meant["hostname"] = read["hostname"] = None
    del meant["opaque"], read["opaque"]
    found = (*_differences("", meant, read), *_kept(spec.opaque, back.opaque))
    told = {entry.path: entry.why for entry in reversed(reasons)}
    return tuple(_loss(each, target, told) for each in found)


def _loss(difference: _Difference, target: Dialect, reasons: dict[str, str]) -> Loss:
    value, now = (None if _is_silent(it) else it for it in (difference.value, difference.now))
    return Loss(difference.path, value, _why(difference, target, reasons), now)


def _effective_hostname(spec: dict[str, Json]) -> Json:
    return spec["hostname"] or spec["name"]


def _differences(path: str, value: Json, now: Json) -> Iterator[_Difference]:
    if value == now or (_is_silent(value) and _is_silent(now)):
        return
    if path == "console_ttys":
        yield from _by_number(path, value, now)
    elif isinstance(value, dict) and isinstance(now, dict) and value and now:
        for key in {**value, **now}:
            below = f"{path}.{key}" if path else key
            yield from _differences(below, value.get(key), now.get(key))
    elif _has_parts(value) or _has_parts(now):
        yield from _parts(path, value, now)
    else:
        yield _Difference(path, value, now)


def _is_silent(value: Json) -> bool:
    return value is None or value in ([], {}, "") or value == _NO_CAPABILITIES


def _has_parts(value: Json) -> bool:
    return isinstance(value, list) and any(isinstance(part, dict) for part in value)


def _parts(path: str, value: Json, now: Json) -> Iterator[_Difference]:
    """Lists of mounts, interfaces, routes: part by part, then their order."""
    old = _dicts(value)
    new = _dicts(now)
    found = pairs(path, old, new)
    for at, other in found:
        if at is None:
            added = new[other] if other is not None else None
            yield _Difference(f"{path}[{other}]", None, added)
        elif other is None:
            yield _Difference(f"{path}[{at}]", old[at], None)
        else:
            yield from _differences(f"{path}[{at}]", old[at], new[other])
    before, after = order(path, old, found)
    if before != after:
        yield _Difference(path, before, after)


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _by_number(path: str, value: Json, now: Json) -> Iterator[_Difference]:
    """A list of which each entry belongs to the console of its number."""
    old, new = (each if isinstance(each, list) else [] for each in (value, now))
    for at, (before, after) in enumerate(zip_longest(old, new)):
        yield from _differences(f"{path}[{at}]", before, after)


def _kept(old: tuple[Opaque, ...], new: tuple[Opaque, ...]) -> Iterator[_Difference]:
    """What is not understood but kept; its order means nothing."""
    was, now = opaque_paths(old), opaque_paths(new)
    for at in _beyond(old, new):
        yield _Difference(f"opaque[{at}]", was[at], None)
    for at in _beyond(new, old):
        yield _Difference(f"opaque[{at}]", None, now[at])


def _beyond(these: tuple[Opaque, ...], others: tuple[Opaque, ...]) -> Iterator[int]:
    """Where entries stand that are not among the others as often, by text, otherwise by path."""
    alike, rest = Counter(others), []
    for at, entry in enumerate(these):
        if alike[entry]:
            alike[entry] -= 1
        else:
            rest.append(at)
    left = Counter(entry.path for entry in alike.elements())
    for at in rest:
        if left[these[at].path]:
            left[these[at].path] -= 1
        else:
            yield at


def _why(difference: _Difference, target: Dialect, reasons: dict[str, str]) -> str:
    is_added = _is_silent(difference.value)
    steps = [] if is_added and difference.path.startswith("opaque") else _steps(difference.path)
    for path in steps[:2] if is_added else steps:
        if path in reasons:
            return reasons[path]
    if is_added:
        return f"{target} says it in place of what it cannot say"
    if not _is_silent(difference.now):
        return f"{target} can say it only in another way"
    return f"{target} has no place for it"


def _steps(path: str) -> list[str]:
    """A path, the same without its numbers, and those above it."""
    plain = _INDEX.sub("", path)
    above = list(accumulate(plain.split("."), "{}.{}".format))
    return [path, *reversed(above)]
