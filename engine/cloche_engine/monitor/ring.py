"""The last bytes that a console said, numbered from the start; and the first, for the log."""

from __future__ import annotations

from cloche_engine.monitor.modes import Modes

CAPACITY = 256 * 1024
PROGRAM_CAPACITY = 128 * 1024
"""Of a further program: nobody comes back to it, so this only bridges a viewer that is slow."""
_HEAD = 32 * 1024
_LINE = 1024
"""How far a cut goes back for the end of a line, so that it tears no character or sequence."""


class Ring:
    """Keeps at least `capacity` of the last bytes; every byte ever written has a number."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._kept = bytearray()
        self._head = bytearray()
        self.lost_modes = Modes()
        """The modes of the terminal that what is forgotten has set."""
        self.end = 0

    def set_capacity(self, capacity: int) -> None:
        """Keep so many bytes from now on."""
        self._capacity = capacity

    @property
    def start(self) -> int:
        """The number of the oldest byte that is still kept."""
        return self.end - len(self._kept)

    @property
    def modes(self) -> Modes:
        """The modes that all that was said has set."""
        return self.lost_modes.after(self._kept)

    def write(self, payload: bytes) -> None:
        """Add bytes; the oldest are forgotten."""
        if len(self._head) < _HEAD:
            self._head += payload[: _HEAD - len(self._head)]
        self._kept += payload
        self.end += len(payload)
        if len(self._kept) > self._capacity + self._capacity // 4 + _LINE:
            # Cutting in larger pieces moves each byte a few times at most, not at every write.
            self._forget(len(self._kept) - self._capacity)

    def _forget(self, count: int) -> None:
        count = self._kept.rfind(b"\n", max(0, count - _LINE), count) + 1 or count
        self.lost_modes = self.lost_modes.after(self._kept[:count])
        del self._kept[:count]

    def read(self, number: int, limit: int) -> bytes:
        """Up to `limit` bytes from `number` on, which must not be older than `start`."""
        offset = number - self.start
        return bytes(self._kept[offset : offset + limit])

    def all(self) -> bytes:
        """What is kept, after the first that was said and a line with what is lost between."""
        if not self.start:
            return bytes(self._kept)
        head = bytes(self._head[: self._head.rfind(b"\n", 0, self.start) + 1])
        lost = self.start - len(head)
        note = f"\r\n[ {lost} bytes were not kept ]\r\n".encode() if lost else b""
        return head + note + bytes(self._kept)
