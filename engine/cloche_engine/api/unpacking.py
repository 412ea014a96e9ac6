"""Unpacks a tar archive that nobody vouches for below one folder, and nothing of it elsewhere.

Nothing in it may lead out of the folder, not even where that would be its own root. Device nodes
are left out, because containers have those of their own /dev, and so are attributes that the kernel
or overlayfs would heed, but for capabilities of programs.
"""

from __future__ import annotations

import contextlib
import errno
import lzma
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_CAPABILITY = "security.capability"
_PAX_CAPABILITY = f"SCHILY.xattr.{_CAPABILITY}"
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 18
_ENDED = "cloche_saw_its_end"
_MOST_ID = 65535
GIVE_HINT = "give a whole archive, plain or packed by gzip, bzip2, xz or zstd"
PACK_HINT = "pack it anew: tar --create --numeric-owner --directory TREE ."
"""What whoever gave an archive does where nothing better is known."""


class ArchiveRefusedError(Exception):
    """The archive is not unpacked; message and hint are sentences.

    The hint is empty where it has to be another archive, or another place: that depends on
    whether anybody gave an archive at all, as for a template, or only named two places.
    """

    def __init__(self, message: str, hint: str = "", *, torn: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.torn = torn
        """Whether it breaks off or is none, which may be the fault of what makes it."""


@dataclass(frozen=True, slots=True)
class Quota:
    """As many bytes and files as a template may have.

    free: bytes that the disk has left, where they set the size; 0 where they do not.
    """

    size: int
    files: int
    free: int = 0


def _too_large(quota: Quota) -> ArchiveRefusedError:
    size = f"it has more than {_shown(quota.size)}"
    if not quota.free:
        return ArchiveRefusedError(size, "leave out what is not needed")
    return ArchiveRefusedError(
        f"too little disk is free for it: {size}, nine tenths of the {_shown(quota.free)} that "
        "are left where templates are kept",
        "free some space there, or leave out what is not needed",
    )


def _shown(size: int) -> str:
    return f"{size >> 10} KiB" if size < 10 << 20 and size % (1 << 20) else f"{size >> 20} MiB"


def unpack_stream(stream: Any, unpacker: Unpacker) -> None:
    """Unpack what a stream of bytes holds, plain or packed; ArchiveRefusedError."""
    try:
        _unpack(stream, unpacker)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise ArchiveRefusedError(
            f"it cannot be read as a tar archive: {error}",
            GIVE_HINT,
            torn=True,
        ) from error
    except MemoryError:
        raise ArchiveRefusedError("its headers ask for more memory than an archive may") from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise ArchiveRefusedError("no space is left for it", "free some space") from error
        where = f" ({error.filename})" if error.filename else ""
        if error.errno == errno.EROFS:
            raise ArchiveRefusedError(
                f"that place is read-only{where}", "choose a place that can be written to"
            ) from error
        raise ArchiveRefusedError(f"it cannot be unpacked: {error.strerror}{where}") from error


def _unpack(stream: Any, unpacker: Unpacker) -> None:
    with _opened_archive(stream) as archive:
        unpacker.unpack(archive)
        if not getattr(archive, _ENDED, False):
            raise tarfile.ReadError("it ends too early")
    if not unpacker.files:
        raise tarfile.ReadError("it is empty")


def _opened_archive(stream: Any) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=stream, mode="r|*", errorlevel=2, tarinfo=_Member)
    except tarfile.ReadError as error:
        raise ArchiveRefusedError(
            f"it is no tar archive ({error})", GIVE_HINT, torn=True
        ) from error


class _Member(tarfile.TarInfo):
    """Remembers whether the archive's end was seen: tarfile takes a torn one for a whole one."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Member:
        """The next member; EOFHeaderError at the block of zeros that ends an archive."""
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            setattr(archive, _ENDED, True)
            raise


@dataclass(frozen=True, slots=True)
class Way:
    """How to unpack: with the owners that the archive names, and under which name at the top.

    Without owners no set-user-id bits and capabilities are given either. Where it is bare, what
    lies in the archive's folder is made in the one that is there, which stays as it is.
    """

    owners: bool = True
    name: str = ""
    bare: bool = False

    def inside(self, path: str) -> tuple[str, ...]:
        """The components of a member's path; ArchiveRefusedError where it leads out."""
        parts = inside(path)
        if self.bare:
            return parts[1:]
        return (self.name, *parts[1:]) if self.name and parts else parts


class Unpacker:
    """Makes the members of an archive below one folder; counts what it makes and leaves out."""

    def __init__(
        self, root: int, quota: Quota, told: Callable[[int], None], way: Way | None = None
    ) -> None:
        self._root = root
        self._quota = quota
        self._told = told
        self._way = way or Way()
        self._place: tuple[tuple[str, ...], int] = ((), os.dup(root))
        self.files = self.size = self.left_out = 0

    def unpack(self, archive: tarfile.TarFile) -> None:
        """All of it; ArchiveRefusedError where a member is not what it should be."""
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # it would remember every one
            self._examine(member)
            self._make(archive, member)
            self.files += 1
            self._told(self.files)

    def _examine(self, member: tarfile.TarInfo) -> None:
        if self.files >= self._quota.files:
            raise ArchiveRefusedError(
                f"it has more than {self._quota.files} files", "leave out what is not needed"
            )
        if member.isreg() and member.size + self.size > self._quota.size:
            raise _too_large(self._quota)

    def _make(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        parts = self._way.inside(member.name)
        if not parts:
            if member.isdir() and not self._way.bare:
                self._give(self._root, ".", member)
            return
        folder, name = self._folder(parts[:-1]), parts[-1]
        if member.isdir():
            self._make_directory(folder, name, member)
            return
        if not self._is_understood(member):
            self.left_out += 1
            return
        if member.islnk():
            self._make_way(folder, name, member)
            self._link(member, folder, name)
            return
        with _whole(folder, name, member.name) as unfinished:
            if member.issym():
                os.symlink(member.linkname, unfinished, dir_fd=folder)
            elif member.isfifo():
                os.mkfifo(unfinished, 0o600, dir_fd=folder)
            else:
                self._write(archive, member, folder, unfinished)
            self._give(folder, unfinished, member)

    def _is_understood(self, member: tarfile.TarInfo) -> bool:
        return member.isreg() or member.issym() or member.islnk() or member.isfifo()

    def _make_directory(self, folder: int, name: str, member: tarfile.TarInfo) -> None:
        try:
            os.mkdir(name, 0o700, dir_fd=folder)
        except FileExistsError:
            os.close(_opened(folder, name, member.name))
        self._give(folder, name, member)

    def _make_way(self, folder: int, name: str, member: tarfile.TarInfo) -> None:
        """The last of several members of one name counts."""
        try:
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return
        except IsADirectoryError:
            raise _both_kinds(member.name) from None

    def _link(self, member: tarfile.TarInfo, folder: int, name: str) -> None:
        parts = self._way.inside(member.linkname)
        if not parts:
            raise ArchiveRefusedError(f"{member.name!r} is a hard link to a folder")
        above = self._opened_folder(parts[:-1])
        try:
            os.link(parts[-1], name, src_dir_fd=above, dst_dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            raise ArchiveRefusedError(
                f"{member.name!r} is a hard link to {member.linkname!r}, which is not in it"
            ) from None
        finally:
            os.close(above)

    def _write(
        self, archive: tarfile.TarFile, member: tarfile.TarInfo, folder: int, name: str
    ) -> None:
        out = os.open(name, _NEW, 0o600, dir_fd=folder)
        try:
            for offset, data in _pieces(archive, member):
                self.size += len(data)
                os.pwrite(out, data, offset)
            os.ftruncate(out, member.size)
        finally:
            os.close(out)

    def _give(self, folder: int, name: str, member: tarfile.TarInfo) -> None:
        """Owner first: a change of it clears set-user-id and capabilities."""
        if not self._way.owners:
            if not member.issym():
                os.chmod(name, member.mode & 0o777, dir_fd=folder)
            return
        if not (0 <= member.uid <= _MOST_ID and 0 <= member.gid <= _MOST_ID):
            raise ArchiveRefusedError(
                f"{member.name!r} belongs to {member.uid}:{member.gid}, "
                f"and containers have users and groups up to {_MOST_ID}"
            )
        os.chown(name, member.uid, member.gid, dir_fd=folder, follow_symlinks=False)
        if member.issym():
            return
        os.chmod(name, member.mode & 0o7777, dir_fd=folder)
        if member.isreg():
            self._give_capability(folder, name, member)
            with contextlib.suppress(OverflowError, ValueError):
                os.utime(name, (member.mtime, member.mtime), dir_fd=folder, follow_symlinks=False)

    def _give_capability(self, folder: int, name: str, member: tarfile.TarInfo) -> None:
        value = member.pax_headers.get(_PAX_CAPABILITY)
        if value is None:
            return
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.setxattr(file, _CAPABILITY, value.encode("utf-8", "surrogateescape"))
        except OSError:  # nonsense, or the filesystem has none: the program does without
            self.left_out += 1
        finally:
            os.close(file)

    def _folder(self, parts: tuple[str, ...]) -> int:
        """Where a member goes; members of one folder mostly follow each other."""
        if self._place[0] != parts:
            opened = self._opened_folder(parts)
            os.close(self._place[1])
            self._place = (parts, opened)
        return self._place[1]

    def _opened_folder(self, parts: tuple[str, ...]) -> int:
        """Through no link; folders that the archive does not name are root's."""
        current = os.dup(self._root)
        for name in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=current)
            above, current = current, _opened(current, name, "/".join(parts))
            os.close(above)
        return current


@contextlib.contextmanager
def _whole(folder: int, name: str, path: str) -> Iterator[str]:
    """Another name to make it under: it gets its own when it is complete, or is not there at all.

    Until then what has that name stays; of several members of one name the last one counts.
    """
    unfinished = f".cloche-{os.urandom(8).hex()}"
    try:
        yield unfinished
        os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(unfinished, dir_fd=folder)
        if isinstance(error, IsADirectoryError):
            raise _both_kinds(path) from None
        if isinstance(error, OSError) and error.filename == unfinished:
            error.filename, error.filename2 = name, None
        raise


def _both_kinds(path: str) -> ArchiveRefusedError:
    return ArchiveRefusedError(f"{path!r} is in it as a folder and as a file")


def _opened(folder: int, name: str, path: str) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.ELOOP}:
            raise ArchiveRefusedError(
                f"the way to {path!r} leads through a link or a file"
            ) from None
        raise


def inside(path: str) -> tuple[str, ...]:
    """The components of a member's path; ArchiveRefusedError where it leads out of the tree."""
    parts = tuple(part for part in path.split("/") if part not in {"", "."})
    if path.startswith("/") or ".." in parts:
        raise ArchiveRefusedError(f"{path!r} leads out of the tree")
    return parts


def _pieces(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of what is written of a file; the rest of it is a hole."""
    stream = archive.fileobj
    stream.seek(member.offset_data)
    for start, length in getattr(member, "sparse", None) or ((0, member.size),):
        offset, end = start, start + length
        while offset < end:
            data: bytes = stream.read(min(_CHUNK, end - offset))
            if not data:
                raise tarfile.ReadError("it ends too early")
            yield offset, data
            offset += len(data)
