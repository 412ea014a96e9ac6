"""How the mounts of two specifications differ."""

from __future__ import annotations

from collections.abc import Iterator

from cloche_engine.definition.names import short
from cloche_engine.definition.planning.wording import Difference, text
from cloche_engine.definition.spec import Access, Filesystem, FilesystemKind
from cloche_engine.definition.units import readable

_LIVE = frozenset(FilesystemKind) - {FilesystemKind.TEMPLATE}


def filesystems(
    path: str, was: tuple[Filesystem, ...], now: tuple[Filesystem, ...]
) -> Iterator[Difference]:
    """Mounts by their target."""
    before = {entry.target: entry for entry in was}
    after = {entry.target: entry for entry in now}
    for target in dict.fromkeys([*before, *after]):
        one, other = before.get(target), after.get(target)
        if one != other:
            live = can_change_live(target, was, now)
            for sentence in _mount_sentences(target, one, other):
                yield Difference(f"{path}.{target}", sentence, live)
    kept = [target for target in before if target in after]
    if kept != [target for target in after if target in before]:
        yield Difference(path, "The mounts are made in another order.")


def can_change_live(target: str, was: tuple[Filesystem, ...], now: tuple[Filesystem, ...]) -> bool:
    """Whether a mount that comes or goes can do so while the container runs.

    One that another is mounted below cannot: it would be hidden, or go with it.
    """
    found = [entry for entry in (*was, *now) if entry.target == target]
    below = any(entry.target.startswith(f"{target}/") for entry in (*was, *now))
    return target != "/" and len(found) == 1 and found[0].kind in _LIVE and not below


def _mount_sentences(target: str, was: Filesystem | None, now: Filesystem | None) -> list[str]:
    subject = "The root directory" if target == "/" else f"The mount on {short(target)}"
    if now is None:
        ending = "is no longer a tree of its own; the host's own files are shared, read-only"
        return [f"{subject} {ending if target == '/' else 'is removed'}."]
    if was is None:
        return [f"{subject} is {_source(now)}{_manner(now)}."]
    found = [f"{subject} {words}." for words in _changes(was, now)]
    return found or [f"{subject} is mounted with other options."]


def _changes(was: Filesystem, now: Filesystem) -> Iterator[str]:
    if _source(was) != _source(now):
        yield f"is {_source(now)} instead of {_source(was)}{_manner(now)}"
    elif was.readonly != now.readonly:
        yield "becomes read-only" if now.readonly else "can be written to"
    if (was.access, was.owner) != (now.access, now.owner):
        yield f"shows its files as {_owners(now)}"
    if was.kind is not FilesystemKind.RAM or now.kind is not FilesystemKind.RAM:
        yield from _room("has room for", was.size_kib, now.size_kib)
        yield from _room("warns beyond", was.soft_kib, now.soft_kib)
    if was.options != now.options:
        yield f"has {_options(now)} instead of {_options(was)}"


def _room(words: str, was: int | None, now: int | None) -> Iterator[str]:
    if was != now:
        one, other = ("no limit" if each is None else readable(each) for each in (was, now))
        yield f"{words} {other} instead of {one}"


def _options(entry: Filesystem) -> str:
    return f"the options {text(entry.options)}" if entry.options else "no options"


def _owners(entry: Filesystem) -> str:
    owner = entry.owner
    if owner is not None:
        inside = f"{owner.inside_uid}:{owner.inside_gid}"
        return f"{inside}'s where they are {owner.uid}:{owner.gid}'s on the host, else as nobody's"
    if entry.access is Access.MAPPED:
        return "nobody's, but for those of the container's own host ids"
    return "the same users' as on the host"


def _source(entry: Filesystem) -> str:
    match entry.kind:
        case FilesystemKind.RAM:
            size = "" if entry.size_kib is None else f" of {readable(entry.size_kib)}"
            return f"memory{size}"
        case FilesystemKind.TEMPLATE:
            return f"a copy of the template {short(entry.source)}"
        case FilesystemKind.BIND:
            return f"{short(entry.source)} of the container itself"
        case _:
            return f"{short(entry.source)} of the host"


def _manner(entry: Filesystem) -> str:
    return ", read-only" if entry.readonly else ""
