"""What a console said and when, as asciicast v2: written while it is said, read to be played."""

from __future__ import annotations

import codecs
import contextlib
import errno
import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 256 << 20
"""The longest recording that is read, in bytes."""
_MOST_CELLS = 1000


class RecordingError(ValueError):
    """A file that is no recording; the text is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Event:
    """Output (`o`) or a new size (`r`, as "80x24"), seconds after the beginning."""

    seconds: float
    kind: str
    data: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was read."""

    rows: int
    columns: int
    events: tuple[Event, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.events[-1].seconds if self.events else 0.0


class Recorder:
    """Writes a recording; each event is in the file as soon as it was told, whole or not at all.

    OSError where that cannot be, FileNotFoundError where the file was removed meanwhile.
    """

    def __init__(
        self, path: Path, rows: int, columns: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = path
        self._clock, self._begun = clock, clock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._file = path.open("wb", buffering=0)  # what a buffer keeps back would fail at its end
        self._whole = 0
        header = {"version": 2, "width": columns, "height": rows, "timestamp": int(time.time())}
        try:
            self._write(header)
        except OSError:
            self._leave_nothing()
            raise

    @property
    def seconds(self) -> float:
        """How long it is by now."""
        return self._clock() - self._begun

    def output(self, data: bytes) -> None:
        """Note what was said; a character that is not whole yet waits for its rest."""
        text = self._decoder.decode(data)
        if text:
            self._event("o", text)

    def resize(self, rows: int, columns: int) -> None:
        """Note a new size."""
        self._event("r", f"{columns}x{rows}")

    def close(self) -> None:
        """End the recording."""
        self._file.close()

    def _event(self, kind: str, data: str) -> None:
        self._write([round(self.seconds, 6), kind, data])

    def _write(self, value: object) -> None:
        """A whole line, or none: one that is cut could not be played."""
        if not os.fstat(self._file.fileno()).st_nlink and not self.path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))
        line = (json.dumps(value, ensure_ascii=False) + "\n").encode()
        left = memoryview(line)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(self._whole)
            raise
        self._whole += len(line)

    def _leave_nothing(self) -> None:
        """Of a file that could not even be begun; a device stays."""
        with contextlib.suppress(OSError), self._file:
            if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                self.path.unlink()


def read(path: Path) -> Recording:
    """Read a recording; RecordingError or OSError if that cannot be."""
    if path.stat().st_size > MOST_BYTES:
        raise RecordingError(f"The file is larger than {MOST_BYTES >> 20} MiB.")
    with path.open(encoding="utf-8", errors="replace") as file:
        rows, columns = _size(_parsed(file.readline(), 1))
        lines = ((number, line) for number, line in enumerate(file, 2) if line.strip())
        events = tuple(_event(_parsed(line, number), number) for number, line in lines)
    return Recording(rows, columns, tuple(sorted(events, key=lambda event: event.seconds)))


def _parsed(line: str, number: int) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"Line {number} is no JSON, so this is no asciicast.") from error


def _size(header: object) -> tuple[int, int]:
    if not isinstance(header, dict) or header.get("version") != 2:
        raise RecordingError("The first line does not say that this is an asciicast of version 2.")
    rows, columns = header.get("height"), header.get("width")
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise RecordingError("The first line does not say how large the terminal was.")
    return min(max(rows, 1), _MOST_CELLS), min(max(columns, 2), _MOST_CELLS)


def _event(value: object, number: int) -> Event:
    match value:
        case [int() | float() as seconds, str() as kind, str() as data] if seconds >= 0:
            return Event(float(seconds), kind, data)
        case _:
            raise RecordingError(f"Line {number} is no event of an asciicast.")
