"""The last bytes that a console said, numbered from the start; and the first, for the log."""

from __future__ import annotations

import mmap
import os

from cloche_engine.monitor.modes import Modes

CAPACITY = 256 * 1024
PROGRAM_CAPACITY = 48 * 1024
"""Of a further program: nobody comes back to it, so this only bridges a viewer that is slow."""
HEAD = 32 * 1024
"""How much of the first output a log has."""
_LINE = 1024
"""How far a cut goes back for the end of a line, so that it tears no character or sequence."""


class Ring:
    """Keeps at least `capacity` of the last bytes; every byte ever written has a number.

    Its memory is one piece that is touched as far as it is used, and never grows.
    """

    def __init__(self, capacity: int = CAPACITY, head: int = 0) -> None:
        self.capacity, self._head_size = capacity, head
        self._memory = memoryview(b"")
        self._head = bytearray()
        self.lost_modes = Modes()
        """The modes of the terminal that what is forgotten has set."""
        self.start = self.end = 0
        """The numbers of the oldest byte that is kept, and of the next one."""

    def set_capacity(self, capacity: int) -> None:
        """Keep so many bytes, as long as nothing was written yet."""
        if not self._memory:
            self.capacity = capacity

    @property
    def modes(self) -> Modes:
        """The modes that all that was said has set."""
        return self.lost_modes.after(self.read(self.start, self.end - self.start))

    def fill(self, descriptor: int, limit: int) -> int:
        """Add what can be read, up to `limit` bytes; the oldest are forgotten. OSError of read(2).

        It is read to where it stays: what passes through a heap of its own makes that grow.
        """
        if not self._memory:
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            size = self.capacity + self._slack + _LINE
            self._memory = memoryview(mmap.mmap(-1, size, flags))
        limit = min(limit, self._slack)
        if self.end + limit - self.start > len(self._memory):
            self._forget(self.end - self.capacity)
        count = os.readv(descriptor, self._pieces(self.end, limit))
        self.end += count
        if len(self._head) < self._head_size:
            self._head += self.read(self.end - count, self._head_size - len(self._head))
        return count

    @property
    def _slack(self) -> int:
        """Forgetting as much at a time reads each byte once for its modes, whole lines at once."""
        return self.capacity // 4 + 1

    def _forget(self, number: int) -> None:
        """What lies before this number, or up to the last end of a line before it."""
        line = max(self.start, number - _LINE)
        number = line + (self.read(line, number - line).rfind(b"\n") + 1 or number - line)
        for piece in self.pieces(self.start, number - self.start):
            self.lost_modes = self.lost_modes.after(piece)
        self.start = number

    def pieces(self, number: int, limit: int) -> list[memoryview]:
        """Up to `limit` bytes from `number` on, not older than `start`, where they are kept."""
        return self._pieces(number, min(limit, self.end - number))

    def _pieces(self, number: int, count: int) -> list[memoryview]:
        if count <= 0 or not self._memory:
            return []
        at = number % len(self._memory)
        first = self._memory[at : at + count]
        return [first, self._memory[: count - len(first)]] if len(first) < count else [first]

    def read(self, number: int, limit: int) -> bytes:
        """The same as a copy."""
        return b"".join(self.pieces(number, limit))

    def all(self) -> bytes:
        """What is kept, after the first that was said and a line with what is lost between."""
        kept = self.read(self.start, self.end - self.start)
        if not self.start:
            return kept
        head = bytes(self._head[: self._head.rfind(b"\n", 0, self.start) + 1])
        lost = self.start - len(head)
        note = f"\r\n[ {lost} bytes were not kept ]\r\n".encode() if lost else b""
        return head + note + kept
