"""Small files of the kernel, and of ours on the way of a start, without a layer of streams."""

from __future__ import annotations

import os

from cloche_engine.kernel.refusal import asked, refused, written

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC


def read(path: str) -> str:
    """All of a small file; in the place of bytes that are no UTF-8 stands U+FFFD.

    Names in it may be chosen by anybody: of processes, groups and mount points.
    """
    descriptor = asked(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 1 << 16).decode(errors="replace")
    finally:
        os.close(descriptor)


def write(path: str, text: str, flags: int = _WRITE) -> None:
    """Write in one piece, as the kernel's own files want it."""
    descriptor = asked(os.open, path, flags, 0o644)
    try:
        os.write(descriptor, text.encode())
    except OSError as error:
        raise refused(error.errno or 0, written("write", [path, text]), path) from error
    finally:
        os.close(descriptor)


def write_new(path: str, text: str) -> None:
    """A file that is not there yet."""
    write(path, text, _WRITE | os.O_EXCL)
