"""Packs a file or a folder as a tar stream, following no link below the top."""

from __future__ import annotations

import contextlib
import os
import stat
import tarfile
from collections.abc import Iterator
from typing import Any, Self

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _UnreadableError(OSError):
    """Nothing of a file or folder could be read, and nothing was written of it."""


class Packer:
    """Writes members to a stream; counts them and what is left out: sockets, devices and the like.

    Owners are those that the files have, or root where `owners` is not set. Used by `with`, which
    ends the archive, or leaves it torn where an error came.
    """

    def __init__(self, stream: Any, *, owners: bool = True) -> None:
        self._archive = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 (closed by close)
        self._owners = owners
        self.files = self.size = self.left_out = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._archive.close()
            return
        with contextlib.suppress(OSError):  # otherwise its stream tries that when it is collected
            self._archive.fileobj.close()

    def pack(self, opened: int, name: str) -> None:
        """An open file or folder with all that is below it, under this name.

        What cannot be read below is left out; OSError with its name where reading breaks off.
        """
        found = os.fstat(opened)
        if stat.S_ISDIR(found.st_mode):
            with _named(name, _UnreadableError):
                entries = sorted(os.listdir(opened))  # some of /proc are opened, but not listed
            self._add(name, found, tarfile.DIRTYPE)
            for entry in entries:
                self._pack_entry(opened, entry, f"{name}/{entry}")
        elif stat.S_ISREG(found.st_mode):
            if found.st_size:
                with _named(name, _UnreadableError):
                    os.pread(opened, 1, 0)  # some of /sys can be written to only
            self._add(name, found, tarfile.REGTYPE, opened)
        else:
            self.left_out += 1

    def _pack_entry(self, folder: int, entry: str, name: str) -> None:
        try:
            found = os.stat(entry, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                target = os.readlink(entry, dir_fd=folder)
                self._add(name, found, tarfile.SYMTYPE, linkname=target)
                return
            flags = _FOLDER if stat.S_ISDIR(found.st_mode) else _FILE
            if not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
                self.left_out += 1
                return
            opened = os.open(entry, flags, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError, PermissionError, OSError):
            self.left_out += 1  # it went, was exchanged, or is not ours to read
            return
        try:
            self.pack(opened, name)
        except _UnreadableError:
            self.left_out += 1
        finally:
            os.close(opened)

    def _add(
        self, name: str, found: os.stat_result, kind: bytes, content: int = -1, linkname: str = ""
    ) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, linkname
        member.mode, member.mtime = stat.S_IMODE(found.st_mode), int(found.st_mtime)
        if self._owners:
            member.uid, member.gid = found.st_uid, found.st_gid
        self.files += 1
        if content < 0:
            self._archive.addfile(member)
            return
        member.size = found.st_size
        self.size += found.st_size
        self._archive.addfile(member, _Exactly(content, found.st_size, name))  # type: ignore[arg-type]


class _Exactly:
    """So many bytes of a file: one that grows or shrinks meanwhile must not tear the archive."""

    def __init__(self, opened: int, size: int, name: str) -> None:
        self._opened, self._name = opened, name
        self._left = size

    def read(self, size: int) -> bytes:
        """The next bytes, zeros where the file has become shorter."""
        wanted = min(size, self._left)
        data = b""
        with _named(self._name, OSError):
            while len(data) < wanted and (part := os.read(self._opened, wanted - len(data))):
                data += part
        self._left -= wanted
        return data.ljust(wanted, b"\0")


@contextlib.contextmanager
def _named(name: str, kind: type[OSError]) -> Iterator[None]:
    """Errors of a descriptor with the name that the reader knows."""
    try:
        yield
    except OSError as error:
        raise kind(error.errno, error.strerror, name) from error
