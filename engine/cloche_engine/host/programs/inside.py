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

from cloche_engine.host.mount_points import PRIVATE_NAMES
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import openat2
from cloche_engine.sandbox.plan.launch import LaunchPlan

_MAX_LINKS = 40


@dataclass(frozen=True, slots=True)
class Found:
    """One part of the way to a path, with what lies there; is_mapped: its owner is one inside."""

    path: str
    status: os.stat_result
    is_mapped: bool


@dataclass(frozen=True, slots=True)
class _Place:
    tree: str
    inside: str
    is_mapped: bool


class Inside:
    """What a container's programs find at a path."""

    def __init__(self, plan: LaunchPlan) -> None:
        self._plan = plan

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
            found.append(Found(at, status, self._place(at).is_mapped))
            here = at

    def exists(self, path: str) -> bool:
        """Whether something is there."""
        try:
            self.way_to(path)
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

    def _place(self, path: str) -> _Place:
        for mount in reversed(self._plan.mounts):
            if path == mount.target or path.startswith(mount.target.rstrip("/") + "/"):
                if not mount.source:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
                return _Place(mount.source, path[len(mount.target) :], is_mapped=True)
        if not self._plan.root and path.strip("/").split("/")[0] in PRIVATE_NAMES:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return _Place(self._plan.root or "/", path, is_mapped=bool(self._plan.root))


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]


@contextlib.contextmanager
def _opened_in(place: _Place, flags: int) -> Iterator[int]:
    tree = os.open(place.tree, os.O_PATH | os.O_CLOEXEC)
    try:
        inside = place.inside.strip("/")
        descriptor = os.dup(tree) if not inside else _below(tree, inside, flags)
    finally:
        os.close(tree)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _below(tree: int, inside: str, flags: int) -> int:
    return openat2(tree, inside, flags, k.RESOLVE_IN_ROOT | k.RESOLVE_NO_MAGICLINKS)
