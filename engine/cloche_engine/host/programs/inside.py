"""The paths of a container as its programs see them, looked up from outside.

Only what the plan mounts is looked at, by descriptor and without following a link of the kernel's
(openat2(2)): a link in the container's tree leads nowhere but into the container's tree.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from cloche_engine.host.storage.mount_points import PRIVATE_NAMES
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import openat2
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import MountPlan, OneOwner, Owners, SourceKind

_MAX_LINKS = 40
_MAX_LOOKS = 20_000
"""Looks at parts of paths in all: a hostile tree may make every way as long as it likes."""


class UnseenError(OSError):
    """What lies there is seen only where it is mounted, such as an image."""


@dataclass(frozen=True, slots=True)
class Found:
    """One part of the way to a path, with what lies there; owner: its user inside, if one is."""

    path: str
    status: os.stat_result
    owner: int | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A path below trees of the host; what is in an earlier tree hides that of a later one."""

    layers: tuple[str, ...]
    inside: str
    mount: MountPlan | None


class Inside:
    """What a container's programs find at a path."""

    def __init__(self, plan: LaunchPlan) -> None:
        self._plan = plan
        self._looks = 0

    def way_to(self, path: str) -> list[Found]:
        """Every directory on the way and what is at its end, links followed; OSError as open(2)."""
        found: list[Found] = []
        self.follow(path, found)
        return found

    def follow(self, path: str, found: list[Found]) -> None:
        """Add each part of the way as it is reached; OSError where it ends too soon."""
        rest, here, links = _parts(path), "", 0
        while rest:
            name = rest.pop(0)
            if name == "..":
                here = here.rpartition("/")[0]
                continue
            at = f"{here}/{name}"
            self._looks += 1
            if self._looks > _MAX_LOOKS:
                raise UnseenError(errno.ELOOP, "the way there is too long to look at", path)
            with self._opened(at) as descriptor:
                status = os.fstat(descriptor)
                if stat.S_ISLNK(status.st_mode):
                    links += 1
                    if links > _MAX_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                    target = os.readlink("", dir_fd=descriptor)
                    here = "" if target.startswith("/") else here
                    rest = [*_parts(target), *rest]
                    continue
                found.append(Found(at, status, self._owner(at, status.st_uid)))
            here = at

    def exists(self, path: str) -> bool:
        """Whether something is there; UnseenError where that cannot be told."""
        try:
            self.way_to(path)
        except UnseenError:
            raise
        except OSError:
            return False
        return True

    def read(self, path: str, limit: int) -> bytes:
        """The beginning of a regular file; OSError where it is none."""
        with self.opened_file(path) as file:
            return os.pread(file, limit, 0)

    @contextlib.contextmanager
    def opened_file(self, path: str) -> Iterator[int]:
        """A descriptor to read a regular file; whatever else is there is never opened."""
        way = self.way_to(path)
        if not way or not stat.S_ISREG(way[-1].status.st_mode):
            raise OSError(errno.EISDIR, "is no regular file", path)
        place = self._place(way[-1].path)
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW
        with _opened_in(place, flags) as file:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EISDIR, "is no regular file", path)
            yield file

    @contextlib.contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        with _opened_in(self._place(path), os.O_PATH | os.O_NOFOLLOW) as descriptor:
            yield descriptor

    def _place(self, path: str, before: int | None = None) -> _Place:
        """Where a path lies, as the mounts before one of them stand; all by default."""
        for number, mount in reversed([*enumerate(self._plan.mounts)][:before]):
            if path == mount.target or path.startswith(mount.target.rstrip("/") + "/"):
                if mount.kind is SourceKind.INSIDE:
                    return self._place(mount.source + path[len(mount.target) :], number)
                return _below(mount, path, path[len(mount.target) :])
        if self._plan.root is not None:
            return _below(self._plan.root, path, path)
        if path.strip("/").split("/")[0] in PRIVATE_NAMES:
            raise _missing(path)
        return _Place(("/",), path, None)

    def _owner(self, path: str, uid: int) -> int | None:
        mount = self._place(path).mount
        if mount is None:
            return None
        match mount.owners, mount.owner:
            case Owners.ONE, OneOwner() as owner:
                return owner.inside_uid if uid == owner.uid else None
            case Owners.BLOCK, _:
                inside = uid - self._plan.id_base
                return inside if 0 <= inside < self._plan.id_count else None
            case _:
                return uid


def _below(mount: MountPlan, path: str, inside: str) -> _Place:
    match mount.kind:
        case SourceKind.TREE:
            return _Place((mount.source,), inside, mount)
        case SourceKind.TEMPLATE:
            return _Place((f"{mount.upper}/files", mount.source), inside, mount)
        case SourceKind.RAM:
            raise _missing(path)
        case _:
            raise UnseenError(errno.ENOTSUP, "is seen only where it is mounted", path)


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]


@contextlib.contextmanager
def _opened_in(place: _Place, flags: int) -> Iterator[int]:
    descriptor = _open(place, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(place: _Place, flags: int) -> int:
    inside = place.inside.strip("/") or "."
    for layer in place.layers:
        tree = os.open(layer, os.O_PATH | os.O_CLOEXEC)
        try:
            descriptor = openat2(tree, inside, flags, k.RESOLVE_IN_ROOT | k.RESOLVE_NO_MAGICLINKS)
        except FileNotFoundError:
            if layer == place.layers[-1]:
                raise
            continue
        finally:
            os.close(tree)
        if _is_whiteout(descriptor):
            os.close(descriptor)
            raise _missing(place.inside)
        return descriptor
    raise _missing(place.inside)


def _is_whiteout(descriptor: int) -> bool:
    """Whether it says that what lies below was deleted (overlayfs)."""
    status = os.fstat(descriptor)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
