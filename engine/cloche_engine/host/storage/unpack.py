"""Unpacks an archive in a process that sees its target alone: the program of that process."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tarfile
import time

from cloche_engine.api.unpacking import (
    PACK_HINT,
    ArchiveRefusedError,
    Quota,
    Unpacker,
    unpack_stream,
)
from cloche_engine.host.storage.cell import work_in_cell
from cloche_engine.kernel.syscalls import syncfs
from cloche_engine.sandbox.seccomp import compile_filters

_CHUNK = 1 << 18
_TELL_EVERY = 0.2


def main() -> None:
    """Arguments: link, source and target as descriptors, first host id, fields of the quota."""
    link_number, source, target, id_base, *most = map(int, sys.argv[1:8])
    link = socket.socket(fileno=link_number)
    kept = (link_number, source)
    quota = Quota(*most)
    if not work_in_cell(
        target, id_base, kept, compile_filters().application, lambda: _work(link, source, quota)
    ):
        sys.exit(1)
    syncfs(target)


def _work(link: socket.socket, source: int, quota: Quota) -> None:
    reader = Reader(source, link)
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    unpacker = Unpacker(root, quota, reader.told)
    words: dict[str, object]
    try:
        unpack_stream(reader, unpacker)
        reader.drain()
    except ArchiveRefusedError as refusal:
        hint = refusal.hint or PACK_HINT
        words = {"error": str(refusal), "hint": hint, "torn": refusal.torn}
    else:
        words = {"files": unpacker.files, "size": unpacker.size, "left_out": unpacker.left_out}
    link.send(json.dumps({**words, "end": True}).encode())


class Reader:
    """The archive as it comes in; tells every now and then how much of it is through."""

    def __init__(self, source: int, link: socket.socket) -> None:
        self._source = source
        self._link = link
        self._read = self._files = 0
        self._next = 0.0

    def read(self, size: int) -> bytes:
        """The next bytes, as many as are there; less than a block of tar only at the end."""
        data = b""
        while len(data) < min(size, tarfile.BLOCKSIZE):
            part = os.read(self._source, min(size - len(data), _CHUNK))
            if not part:
                break
            data += part
        self._read += len(data)
        self._tell()
        return data

    def told(self, files: int) -> None:
        """So many files are there."""
        self._files = files
        self._tell()

    def _tell(self) -> None:
        """Pass on how far it is, not too often; never waited for."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _TELL_EVERY
        packet = json.dumps({"read": self._read, "files": self._files}).encode()
        with contextlib.suppress(BlockingIOError):
            self._link.send(packet, socket.MSG_DONTWAIT)

    def drain(self) -> None:
        """Read what follows the end of the archive: whoever packs must not die of a closed pipe."""
        while os.read(self._source, _CHUNK):
            pass


if __name__ == "__main__":
    main()
