"""A path inside a root, one component after the other, where openat2(2) cannot be had."""

from __future__ import annotations

import errno
import os
import stat

_MAX_LINKS = 40
_COMPONENT = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def walk_in_root(root: int, path: str, flags: int) -> int:
    """As a process with this root would open it: what is above the root is the root.

    Each component is opened from the one before and never by a name that somebody could exchange:
    a link is read from its own descriptor, and `..` is the descriptor that led here.
    """
    walk = _Walk(root)
    try:
        walk.follow(path)
        return walk.opened(flags)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        walk.close()


def walk_telling_links(path: str) -> tuple[int, set[int]]:
    """Where a path of the host leads (O_PATH), and who owns the links on the way."""
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        walk = _Walk(root)
    finally:
        os.close(root)
    try:
        walk.follow(path)
        return walk.opened(os.O_PATH), walk.owners
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        walk.close()


def open_without_links(root: int, path: str) -> int:
    """A directory inside a root by its very path; ELOOP or ENOTDIR where a link is on the way."""
    names = _names(path)
    if ".." in names:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    current = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    for name in reversed(names):
        above = current
        try:
            current = os.open(name, _COMPONENT | os.O_DIRECTORY, dir_fd=above)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from error
        finally:
            os.close(above)
    return current


class _Walk:
    """The descriptors from the root to where the walk is."""

    def __init__(self, root: int) -> None:
        self._trail = [os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)]
        self.owners: set[int] = set()
        """Of the links that were followed."""

    def follow(self, path: str) -> None:
        """Go along a path."""
        names, links = _names(path), 0
        while names:
            name = names.pop()
            if name == "..":
                self._go_up()
                continue
            found = os.open(name, _COMPONENT, dir_fd=self._trail[-1])
            status = os.fstat(found)
            if not stat.S_ISLNK(status.st_mode):
                self._trail.append(found)
                continue
            links += 1
            self.owners.add(status.st_uid)
            names += _names(self._target(found))
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)

    def _target(self, link: int) -> str:
        """What a link says; an absolute one begins at the root again."""
        try:
            target = os.readlink("", dir_fd=link)
        finally:
            os.close(link)
        if target.startswith("/"):
            while len(self._trail) > 1:
                self._go_up()
        return target

    def _go_up(self) -> None:
        if not stat.S_ISDIR(os.fstat(self._trail[-1]).st_mode):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if len(self._trail) > 1:
            os.close(self._trail.pop())

    def opened(self, flags: int) -> int:
        """A descriptor of where it is."""
        if flags & os.O_PATH:
            if flags & os.O_DIRECTORY and not stat.S_ISDIR(os.fstat(self._trail[-1]).st_mode):
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            return self._trail.pop()
        return os.open(".", flags | os.O_CLOEXEC, dir_fd=self._trail[-1])

    def close(self) -> None:
        """Let go of the way."""
        for descriptor in self._trail:
            os.close(descriptor)


def _names(path: str) -> list[str]:
    """Components, the last first."""
    found = [name for name in path.split("/") if name not in {"", "."}]
    return found[::-1]
