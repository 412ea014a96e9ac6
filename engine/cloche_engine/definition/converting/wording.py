"""What a loss report names, in plain words: no braces, no brackets, no quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cloche_engine.definition.converting.spec_json import Json

_Part = dict[str, Json]
_INDEX = re.compile(r"\[[0-9]+\]")
_NETWORKS = {
    "nat": "a private network",
    "host": "the host's own network",
    "none": "an interface that nothing is connected to",
}
_OWNERS = {"mapped": "files of the container's own ids", "passthrough": "files of the same ids"}


def in_words(path: str, value: Json) -> str:
    """A value as a sentence can hold it; path is where it stands in the canonical JSON."""
    key = _INDEX.sub("", path).rpartition(".")[2]
    if isinstance(value, dict):
        return _PARTS.get(key, _fields)(value)
    if isinstance(value, list):
        return _listed(path, key, value)
    return _plain(value)


def _listed(path: str, key: str, values: list[Json]) -> str:
    if key == "program":
        return " ".join(map(_plain, values))
    return ", ".join(_range(each) if isinstance(each, list) else in_words(path, each)
                     for each in values)  # fmt: skip


def _range(ids: list[Json]) -> str:
    """One line of an id map: the first id inside, on the host, and how many."""
    inside, host, count = (int(each) if isinstance(each, int) else 0 for each in ids[:3])
    if count == 1:
        return f"{inside} as {host}"
    return f"{inside} to {inside + count - 1} as {host} to {host + count - 1}"


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _fields(part: _Part) -> str:
    """Every field that says something, with its name."""
    return ", ".join(f"{name} {in_words(name, value)}" for name, value in part.items()
                     if value not in (None, [], {}, ""))  # fmt: skip


def _filesystem(part: _Part) -> str:
    return ", ".join(_mount(part))


def _mount(part: _Part) -> Iterator[str]:
    what = "memory" if part.get("kind") == "ram" else f"{part.get('kind')} {part.get('source')}"
    yield f"{what} on {part.get('target')}"
    if part.get("readonly"):
        yield "read-only"
    for name, words in (("size_kib", "at most"), ("soft_kib", "a warning above")):
        if part.get(name) is not None:
            yield f"{words} {part[name]} KiB"
    if part.get("options"):
        yield f"options {in_words('options', part['options'])}"
    if (access := part.get("access")) is not None:
        yield _OWNERS.get(str(access), str(access))
    if isinstance(owner := part.get("owner"), dict):
        yield f"files of {owner['uid']}:{owner['gid']} as {owner['inside']}"


def _interface(part: _Part) -> str:
    kind, source = str(part.get("kind")), part.get("source")
    what = _NETWORKS.get(kind, f"an interface of type {kind}")
    rest = {name: value for name, value in part.items() if name not in {"kind", "source", "up"}}
    words = [what + (f" to {source}" if source else ""), _fields(rest)]
    words += ["switched off"] if part.get("up") is False else []
    return ", ".join(filter(None, words))


def _route(part: _Part) -> str:
    metric = f" with metric {part['metric']}" if part.get("metric") is not None else ""
    return f"{part.get('to')} by {part.get('via')}{metric}"


def _forward(part: _Part) -> str:
    host = f"{part['address']}:" if part.get("address") else ""
    many = f"-{part['end']}" if part.get("end") != part.get("start") else ""
    return f"{part.get('proto')} {host}{part.get('start')}{many} to {part.get('to')}"


def _rlimit(part: _Part) -> str:
    soft, hard = ("no limit" if part.get(each) is None else _plain(part[each])
                  for each in ("soft", "hard"))  # fmt: skip
    return f"{part.get('name')} {soft}, at most {hard}"


def _namespace(part: _Part) -> str:
    return f"{part.get('kind')} of {part.get('how')} {part.get('value')}"


def _environment(part: _Part) -> str:
    return ", ".join(f"{name}={value}" for name, value in part.items())


_PARTS: dict[str, Callable[[_Part], str]] = {
    "environment": _environment,
    "filesystems": _filesystem,
    "forwards": _forward,
    "interfaces": _interface,
    "namespaces": _namespace,
    "rlimits": _rlimit,
    "routes": _route,
}
