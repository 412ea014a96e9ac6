"""What an ELF file asks for before it can run: machine, loader and libraries (elf(5))."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 1, 5, 15, 29
_MAX_SEGMENTS, _MAX_ENTRIES, _MAX_NAME = 128, 4096, 4096


@dataclass(frozen=True, slots=True)
class Needs:
    """What the file names; interpreter is empty for a static program and for a library."""

    machine: int
    interpreter: str = ""
    libraries: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """RPATH and RUNPATH, as written."""


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


class _Reader:
    """Reads a file of either width and byte order; struct.error where it is cut."""

    def __init__(self, file: int) -> None:
        self._file = file
        identity = os.pread(file, 16, 0)
        if identity[:4] != b"\x7fELF":
            raise ValueError("no ELF file")
        self._wide = identity[4] == 2
        self._order = ">" if identity[5] == 2 else "<"

    def _unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        layout = self._order + layout
        return struct.unpack(layout, os.pread(self._file, struct.calcsize(layout), offset))

    @property
    def machine(self) -> int:
        return self._unpack("H", 18)[0]

    def segments(self) -> list[_Segment]:
        if self._wide:
            (start,), (size, count) = self._unpack("Q", 32), self._unpack("HH", 54)
        else:
            (start,), (size, count) = self._unpack("I", 28), self._unpack("HH", 42)
        offsets = range(start, start + size * min(count, _MAX_SEGMENTS), size or 1)
        return [self._segment(offset) for offset in offsets]

    def _segment(self, at: int) -> _Segment:
        if self._wide:
            kind, _, offset, address, _, size = self._unpack("IIQQQQ", at)
        else:
            kind, offset, address, _, size = self._unpack("IIIII", at)
        return _Segment(kind, offset, address, size)

    def entries(self, dynamic: _Segment) -> list[tuple[int, int]]:
        layout = "QQ" if self._wide else "II"
        step = struct.calcsize(self._order + layout)
        found = []
        for number in range(min(dynamic.size // step, _MAX_ENTRIES)):
            tag, value = self._unpack(layout, dynamic.offset + number * step)
            if tag == 0:
                break
            found.append((tag, value))
        return found

    def text(self, offset: int) -> str:
        raw, _, _ = os.pread(self._file, _MAX_NAME, offset).partition(b"\0")
        return raw.decode(errors="replace")


def read_needs(file: int) -> Needs | None:
    """What the file on a descriptor needs; None where it is no ELF file, or a torn one."""
    try:
        return _needs(_Reader(file))
    except (ValueError, IndexError, OverflowError, struct.error):
        return None


def _needs(reader: _Reader) -> Needs:
    segments = reader.segments()
    of_kind = {segment.kind: segment for segment in reversed(segments)}
    loader = of_kind.get(_PT_INTERP)
    interpreter = reader.text(loader.offset) if loader else ""
    dynamic = of_kind.get(_PT_DYNAMIC)
    if dynamic is None:
        return Needs(reader.machine, interpreter)
    entries = reader.entries(dynamic)
    names = _strings_at(segments, dict(entries).get(_DT_STRTAB, 0))

    def named(*tags: int) -> tuple[str, ...]:
        return tuple(reader.text(names + value) for tag, value in entries if tag in tags)

    paths = [path for text in named(_DT_RPATH, _DT_RUNPATH) for path in text.split(":") if path]
    return Needs(reader.machine, interpreter, named(_DT_NEEDED), tuple(paths))


def _strings_at(segments: list[_Segment], address: int) -> int:
    """Where in the file the table of names lies, which is known by its address in memory."""
    for segment in segments:
        if segment.kind == _PT_LOAD and 0 <= address - segment.address < segment.size:
            return segment.offset + address - segment.address
    raise ValueError("the table of names is in no segment")
