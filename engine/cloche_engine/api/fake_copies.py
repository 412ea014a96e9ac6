"""Files of a container in memory: what was copied in can be copied out again."""

from __future__ import annotations

import asyncio
import io
import os
import posixpath
import stat
import tarfile

from cloche_engine.api.errors import EngineError, InvalidArgumentError, NotFoundError
from cloche_engine.api.model import Copied
from cloche_engine.api.unpacking import inside

_FOLDERS = ("/", "/etc", "/root", "/tmp")  # noqa: S108 (paths of a container that is none)


class FakeFiles:
    """A few folders, and what is copied into them."""

    def __init__(self, hostname: str) -> None:
        self._kept: dict[str, tuple[tarfile.TarInfo, bytes]] = {}
        for folder in _FOLDERS:
            self._keep(folder, _member(tarfile.DIRTYPE, 0o755), b"")
        text = f"{hostname}\n".encode()
        self._keep("/etc/hostname", _member(tarfile.REGTYPE, 0o644, len(text)), text)

    async def copy_out(self, path: str, sink: int) -> Copied:
        """Write what is kept at a path and below."""
        where = _checked(path, sink)
        found = [each for each in self._kept if each == where or each.startswith(f"{where}/")]
        if where not in self._kept:
            raise NotFoundError(f"{path} does not exist in it", "name a path as it sees it")
        return await asyncio.to_thread(self._write, os.dup(sink), where, sorted(found))

    async def copy_in(self, path: str, source: int) -> Copied:
        """Keep what an archive holds."""
        where = _checked(path, source)
        present = self._kept.get(where)
        is_folder = present is not None and present[0].isdir()
        if not is_folder and (above := posixpath.dirname(where)) not in self._kept:
            raise NotFoundError(f"the directory {above} does not exist in it", "make it first")
        return await asyncio.to_thread(self._read, os.dup(source), where, is_folder)

    def _keep(self, path: str, member: tarfile.TarInfo, data: bytes) -> None:
        self._kept[path] = (member, data)

    def _write(self, sink: int, top: str, paths: list[str]) -> Copied:
        name = posixpath.basename(top) or "root"
        with os.fdopen(sink, "wb") as out, tarfile.open(fileobj=out, mode="w|") as archive:
            for path in paths:
                member, data = self._kept[path]
                member.name = name + path[len(top.rstrip("/")) :]
                archive.addfile(member, io.BytesIO(data))
        return Copied(len(paths), sum(len(self._kept[path][1]) for path in paths), 0)

    def _read(self, source: int, where: str, is_folder: bool) -> Copied:
        files = size = 0
        try:
            with os.fdopen(source, "rb") as file, tarfile.open(fileobj=file, mode="r|*") as archive:
                for member in archive:
                    parts = inside(member.name)
                    below = parts if is_folder else parts[1:]
                    content = archive.extractfile(member) if member.isreg() else None
                    data = content.read() if content else b""
                    self._keep(posixpath.join(where, *below), member, data)
                    files, size = files + 1, size + len(data)
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise EngineError(
                f"it cannot be read as a tar archive: {error}", "pack it anew"
            ) from error
        return Copied(files, size, 0)


def _checked(path: str, pipe: int) -> str:
    if not path.startswith("/") or "\0" in path:
        raise InvalidArgumentError(
            f"{path[:80]!r} is no absolute path of the container", "write it as /etc/hosts"
        )
    if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
        raise InvalidArgumentError(
            "only a pipe may be handed to a copy", "make a pipe and copy through it"
        )
    return posixpath.normpath(path)


def _member(kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo("x")
    member.type, member.mode, member.size = kind, mode, size
    return member
