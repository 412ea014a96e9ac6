"""Copies files out of a running container and into it: the program of the process that does so.

It enters by the descriptor of the init, and has from then on the container's root for its own and
what root of the container may do with files: whatever path it is given, no file of the host is
reached. All that it needs is imported before.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import sys

from cloche_engine.api.packing import Packer
from cloche_engine.api.unpacking import ArchiveRefusedError, Quota, Unpacker, Way, unpack_stream
from cloche_engine.host.storage.cell import close_all_but, confine
from cloche_engine.host.storage.unpack import Reader
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import FilterProgram, prctl, setns
from cloche_engine.sandbox.resolve import open_in_root
from cloche_engine.sandbox.seccomp import compile_filters

_MAX_LINKS = 16
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_END = Quota(1 << 62, 1 << 62)


def main() -> None:
    """Arguments: in or out, path, then as numbers: link, pipe, the init's pidfd, its namespaces."""
    direction, path = sys.argv[1:3]
    link_number, pipe, init, namespaces = map(int, sys.argv[3:7])
    link = socket.socket(fileno=link_number)
    filters = compile_filters().application
    try:
        root = _enter(init, namespaces, (link_number, pipe), filters)
        work = _copy_in if direction == "in" else _copy_out
        words = work(root, path, pipe, link)
    except ArchiveRefusedError as refusal:
        words = {"error": str(refusal), "hint": refusal.hint}
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        text = error.strerror or str(error)
        words = {"error": f"{text}{where}", "errno": error.errno, "hint": ""}
    link.send(json.dumps({**words, "end": True}).encode())


def _enter(
    init: int, namespaces: int, kept: tuple[int, ...], filters: tuple[FilterProgram, ...]
) -> int:
    """Become root of the container, with its root as ours; a descriptor of it."""
    prctl(k.PR_SET_DUMPABLE, 0)
    setns(init, namespaces & (k.CLONE_NEWUSER | k.CLONE_NEWNS))
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    prctl(k.PR_SET_DUMPABLE, 0)
    close_all_but(kept)
    confine(filters)
    return os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _copy_out(root: int, path: str, pipe: int, _: socket.socket) -> dict[str, object]:
    opened = _open_whole(root, path)
    name = os.path.split(os.path.normpath(path))[1] or "root"
    with os.fdopen(pipe, "wb") as stream, Packer(stream) as packer:
        packer.pack(opened, name)
    return {"files": packer.files, "size": packer.size, "left_out": packer.left_out}


def _open_whole(root: int, path: str, links: int = 0) -> int:
    """A folder or a regular file; a link at the top is followed inside the root."""
    found = open_in_root(root, path)
    mode = os.fstat(found).st_mode
    os.close(found)
    if stat.S_ISDIR(mode):
        return open_in_root(root, path, os.O_RDONLY | os.O_DIRECTORY)
    if not stat.S_ISREG(mode):
        raise ArchiveRefusedError(
            f"{path} is neither a file nor a folder", "name something that has content"
        )
    above, name = os.path.split(os.path.normpath("/" + path))
    folder = open_in_root(root, above, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if links < _MAX_LINKS and _is_link(name, folder):
            link = os.readlink(name, dir_fd=folder)
            target = link if link.startswith("/") else f"{above}/{link}"
            return _open_whole(root, target, links + 1)
        return os.open(name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def _is_link(name: str, folder: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _copy_in(root: int, path: str, pipe: int, link: socket.socket) -> dict[str, object]:
    """Into a folder that is there; otherwise under that name into the folder above."""
    name = ""
    try:
        folder = open_in_root(root, path, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        above, name = os.path.split(os.path.normpath("/" + path))
        folder = open_in_root(root, above, os.O_RDONLY | os.O_DIRECTORY)
    reader = Reader(pipe, link)
    unpacker = Unpacker(folder, _NO_END, reader.told, Way(name=name))
    unpack_stream(reader, unpacker)
    reader.drain()
    return {"files": unpacker.files, "size": unpacker.size, "left_out": unpacker.left_out}


if __name__ == "__main__":
    main()
