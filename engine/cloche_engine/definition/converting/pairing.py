"""Which entry of one list is which of another, where some were dropped on the way."""

from __future__ import annotations

from collections import defaultdict, deque

from cloche_engine.definition.converting.spec_json import Json

Entry = dict[str, Json]
Pair = tuple[int | None, int | None]

_KEYS = {"filesystems": "target", "routes": "to", "namespaces": "kind",
         "io_devices": "path", "rlimits": "name"}  # fmt: skip
_LIKENESS = ("name", "mac", "addresses", "source", "host_name")


def pairs(path: str, old: list[Entry], new: list[Entry]) -> list[Pair]:
    """Every old entry with its new one or None, in order; then the new ones that are nobody's.

    Indices are places in the lists.
    """
    key = _KEYS.get(path.rpartition(".")[2])
    found = _by_key(key, old, new) if key else _in_order(old, new)
    taken = {other for _, other in found}
    return [*found, *((None, at) for at in range(len(new)) if at not in taken)]


def order(path: str, old: list[Entry], found: list[Pair]) -> tuple[list[Json], list[Json]]:
    """What stands in both lists in the old order and in the new.

    Where the root stands among mounts means nothing: it is always made first.
    """
    key = _KEYS.get(path.rpartition(".")[2], "")
    both = [pair for pair in found if None not in pair and old[pair[0] or 0].get(key) != "/"]
    moved = sorted(both, key=lambda pair: pair[1] or 0)
    before, after = ([old[at or 0].get(key, at) for at, _ in each] for each in (both, moved))
    return before, after


def _by_key(key: str, old: list[Entry], new: list[Entry]) -> list[Pair]:
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for at, entry in enumerate(new):
        waiting[str(entry[key])].append(at)
    found: list[Pair] = []
    for at, entry in enumerate(old):
        places = waiting[str(entry[key])]
        found.append((at, places.popleft() if places else None))
    return found


def _in_order(old: list[Entry], new: list[Entry]) -> list[Pair]:
    """One after the other; where fewer came back, those that nothing is like were dropped."""
    found: list[Pair] = []
    other = 0
    for at, entry in enumerate(old):
        if other == len(new):
            found.append((at, None))
        elif len(old) - at <= len(new) - other or _alike(entry, new[other]):
            found.append((at, other))
            other += 1
        else:
            found.append((at, None))
    return found


def _alike(one: Entry, two: Entry) -> bool:
    return any(one[field] and one[field] == two[field] for field in _LIKENESS)
