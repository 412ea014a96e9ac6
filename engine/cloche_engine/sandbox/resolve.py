"""Paths inside a container's root, never followed out of it."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.refusal import asked
from cloche_engine.kernel.syscalls import openat2
from cloche_engine.sandbox.walk import walk_in_root

_MAX_LINKS = 16
_IN_USE = {errno.ENOENT, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR, errno.EBUSY}


@dataclass(frozen=True, slots=True)
class Made:
    """A mount point that was made because it was missing; path is relative to its tree."""

    path: str
    is_directory: bool


def open_in_root(root: int, path: str, flags: int = os.O_PATH) -> int:
    """Open a path as a process with this root would see it (openat2(2), RESOLVE_IN_ROOT).

    flags are O_PATH, or O_DIRECTORY with O_RDONLY.
    """
    resolve = k.RESOLVE_IN_ROOT | k.RESOLVE_NO_MAGICLINKS
    try:
        return openat2(root, path.lstrip("/") or ".", flags, resolve)
    except OSError as error:
        if error.errno == errno.ENOSYS:  # a sandbox around us refuses it
            return walk_in_root(root, path, flags)
        raise OSError(error.errno, error.strerror, path) from error


def missing_below(root: int, path: str, *, directory: bool, links: int = 0) -> list[Made]:
    """What would have to be made for `path` to exist, outermost first; nothing is made yet.

    A dangling link is followed inside the root. OSError where something of the wrong kind is there.
    """
    path = os.path.normpath("/" + path)
    try:
        _check_kind(root, path, directory=directory)
    except FileNotFoundError:
        if links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from None
    else:
        return []
    parent, name = os.path.split(path)
    above = missing_below(root, parent, directory=True, links=links)
    if not above:
        link = _dangling_link(root, parent, name)
        if link:
            target = os.path.join(parent, link)
            return missing_below(root, target, directory=directory, links=links + 1)
    return [*above, Made(path.lstrip("/"), directory)]


def make(root: int, made: Made) -> None:
    """Make one missing mount point, empty; FileExistsError if it is there."""
    parent, name = os.path.split("/" + made.path)
    directory = open_in_root(root, parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if made.is_directory:
            asked(os.mkdir, name, 0o755, dir_fd=directory)
        else:
            flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(asked(os.open, name, flags, 0o644, dir_fd=directory))
    except OSError as error:
        raise OSError(error.errno, error.strerror, "/" + made.path) from error
    finally:
        os.close(directory)


def remove(root: int, made: Made) -> None:
    """Take a mount point away again, where it is still empty and nothing is mounted on it."""
    parent, name = os.path.split("/" + made.path)
    try:
        directory = open_in_root(root, parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        _remove_if_empty(directory, name, is_directory=made.is_directory)
    finally:
        os.close(directory)


def _remove_if_empty(directory: int, name: str, *, is_directory: bool) -> None:
    try:
        # Asked first: on a read-only filesystem rmdir says EROFS also of what is not there.
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if is_directory:
            os.rmdir(name, dir_fd=directory)
        elif found.st_size == 0:
            os.unlink(name, dir_fd=directory)
    except OSError as error:
        if error.errno not in _IN_USE:
            raise


def _check_kind(root: int, path: str, *, directory: bool) -> None:
    descriptor = open_in_root(root, path)
    try:
        found = stat.S_ISDIR(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)
    if found != directory:
        number = errno.EISDIR if found else errno.ENOTDIR
        raise OSError(number, os.strerror(number), path)


def _dangling_link(root: int, parent: str, name: str) -> str:
    directory = open_in_root(root, parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError:
        return ""
    finally:
        os.close(directory)
