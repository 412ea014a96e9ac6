"""Why a program does not run, told apart by looking at it, what it asks for, and the way there."""

from __future__ import annotations

import itertools
import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from cloche_engine.host.programs.elf import Needs, read_needs
from cloche_engine.host.programs.inside import Found, Inside, UnseenError

_MAX_CHAIN, _MAX_LIBRARIES, _HEAD = 5, 500, 512
_CACHE = "/etc/ld.so.cache"
_MAX_CACHE = 4 << 20
_TRIPLETS = {62: "x86_64-linux-gnu", 3: "i386-linux-gnu", 183: "aarch64-linux-gnu"}
_RUNS_HERE = {"x86_64": {62, 3}, "aarch64": {183, 40}}


class Cause(Enum):
    """What is wrong with a program."""

    MISSING = auto()
    NO_FILE = auto()
    INTERPRETER_MISSING = auto()
    LINE_END = auto()
    LOADER_MISSING = auto()
    LIBRARY_MISSING = auto()
    NOT_EXECUTABLE = auto()
    NOT_ALLOWED = auto()
    OTHER_MACHINE = auto()
    NO_FORMAT = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause, the file that is at fault, what it wants, and its owner and mode where that counts.

    owner is None where no user of the container is the owner.
    """

    cause: Cause
    path: str
    wants: str = ""
    owner: int | None = None
    mode: int = 0


def why_not_run(inside: Inside, program: str, uid: int) -> Finding | None:
    """What keeps the user `uid` from running a program, given by its path; None if nothing seen."""
    path = program
    for _ in range(_MAX_CHAIN):
        finding, following = _look_at(inside, path, uid)
        if finding is not None or not following:
            return finding
        path = following
    return None


def missing_library(inside: Inside, program: str) -> Finding | None:
    """The first library that a program needs and its loader would not find."""
    try:
        path = _last_of_chain(inside, program)
        needs = _needs_of(inside, path)
    except OSError:
        return None
    if needs is None or not needs.interpreter:
        return None
    return next(_missing(inside, path, needs), None)


def _look_at(inside: Inside, path: str, uid: int) -> tuple[Finding | None, str]:
    """What is wrong with one file, or the one that the kernel would load for it."""
    way: list[Found] = []
    is_there = True
    try:
        inside.follow(path, way)
    except UnseenError:
        raise
    except OSError:
        is_there = False
    folders = way[:-1] if is_there else way
    forbidden = next((each for each in folders if not _may_pass(each, uid)), None)
    if forbidden is not None:
        return _about(Cause.NOT_ALLOWED, forbidden, forbidden.path), ""
    if not is_there:
        return Finding(Cause.MISSING, path), ""
    last = way[-1] if way else None
    if last is None or not stat.S_ISREG(last.status.st_mode):
        return Finding(Cause.NO_FILE, path), ""
    if not last.status.st_mode & 0o111:
        return _about(Cause.NOT_EXECUTABLE, last, path), ""
    if not _may_pass(last, uid):
        return _about(Cause.NOT_ALLOWED, last, path), ""
    return _content(inside, path)


def _content(inside: Inside, path: str) -> tuple[Finding | None, str]:
    head = inside.read(path, _HEAD)
    if head.startswith(b"#!"):
        return _script(inside, path, head)
    needs = _needs_of(inside, path)
    if needs is None:
        return Finding(Cause.NO_FORMAT, path), ""
    if needs.machine not in _RUNS_HERE.get(os.uname().machine, {needs.machine}):
        return Finding(Cause.OTHER_MACHINE, path), ""
    if needs.interpreter and not inside.exists(needs.interpreter):
        return Finding(Cause.LOADER_MISSING, path, needs.interpreter), ""
    return None, needs.interpreter


def _script(inside: Inside, path: str, head: bytes) -> tuple[Finding | None, str]:
    interpreter = _interpreter(head)
    if inside.exists(interpreter):
        return None, interpreter
    if interpreter.endswith("\r") and inside.exists(interpreter[:-1]):
        return Finding(Cause.LINE_END, path, interpreter[:-1]), ""
    return Finding(Cause.INTERPRETER_MISSING, path, interpreter), ""


def _interpreter(head: bytes) -> str:
    line = head[2:].split(b"\n", 1)[0].decode(errors="replace").strip(" \t")
    return line.replace("\t", " ").split(" ")[0]


def _last_of_chain(inside: Inside, program: str) -> str:
    path = program
    for _ in range(_MAX_CHAIN):
        head = inside.read(path, _HEAD)
        if not head.startswith(b"#!"):
            break
        path = _interpreter(head)
    return path


def _needs_of(inside: Inside, path: str) -> Needs | None:
    with inside.opened_file(path) as file:
        return read_needs(file)


def _may_pass(found: Found, uid: int) -> bool:
    """Whether a user may search this directory or execute this file, as far as can be told.

    Root of the container passes everywhere where the owner is a user of the container's.
    """
    mode, owner = found.status.st_mode, found.owner
    if uid == 0 and owner is not None:
        return bool(mode & 0o111) or stat.S_ISDIR(mode)
    if owner == uid:
        return bool(mode & 0o100)
    return bool(mode & 0o001)


def _about(cause: Cause, found: Found, path: str) -> Finding:
    return Finding(cause, path, owner=found.owner, mode=stat.S_IMODE(found.status.st_mode))


def _missing(inside: Inside, path: str, needs: Needs) -> Iterator[Finding]:
    """Libraries of a program, and of its libraries, that are nowhere."""
    cache = _cache(inside)
    seen: set[str] = set()
    waiting = deque([(path, needs)])
    while waiting:
        at, wanted = waiting.popleft()
        for name in wanted.libraries:
            if name in seen or len(seen) >= _MAX_LIBRARIES:
                continue
            seen.add(name)
            found = _find(inside, name, _folders(at, wanted), cache)
            if not found:
                yield Finding(Cause.LIBRARY_MISSING, path, name)
            elif (inner := _needs_of(inside, found)) is not None:
                waiting.append((found, inner))


def _find(inside: Inside, name: str, folders: list[str], cache: dict[bytes, bytes]) -> str:
    if "/" in name:
        return name if inside.exists(name) else ""
    if (cached := cache.get(name.encode())) is not None:
        folders = [*folders, _folder(cached.decode(errors="replace"))]
    return next((path for f in folders if inside.exists(path := f"{f}/{name}")), "")


def _folders(path: str, needs: Needs) -> list[str]:
    """Where the loaders of glibc and musl look besides their caches."""
    origin = _folder(path)
    own = [each.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for each in needs.paths]
    triplet = _TRIPLETS.get(needs.machine, "")
    below = (f"lib/{triplet}", "lib", "lib64", "lib32", f"usr/lib/{triplet}", "usr/lib")
    return [*own, *(f"/{each}" for each in (*below, "usr/lib64", "usr/local/lib"))]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _cache(inside: Inside) -> dict[bytes, bytes]:
    """Paths by name: in the loader's cache each name is followed by its path."""
    try:
        words = inside.read(_CACHE, _MAX_CACHE).split(b"\0")
    except OSError:
        return {}
    pairs = itertools.pairwise(words)
    return {name: path for name, path in pairs if path.startswith(b"/") and path.endswith(name)}
