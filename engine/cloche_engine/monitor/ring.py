"""The last bytes that a console said, numbered from the start."""

from __future__ import annotations


class Ring:
    """Keeps at least `capacity` of the last bytes; every byte ever written has a number."""

    def __init__(self, capacity: int = 256 * 1024) -> None:
        self._capacity = capacity
        self._kept = bytearray()
        self.end = 0

    @property
    def start(self) -> int:
        """The number of the oldest byte that is still kept."""
        return self.end - len(self._kept)

    def write(self, payload: bytes) -> None:
        """Add bytes; the oldest are forgotten."""
        self._kept += payload
        self.end += len(payload)
        if len(self._kept) > self._capacity + self._capacity // 4:
            # Cutting in larger pieces moves each byte a few times at most, not at every write.
            del self._kept[: len(self._kept) - self._capacity]

    def read(self, number: int, limit: int) -> bytes:
        """Up to `limit` bytes from `number` on, which must not be older than `start`."""
        offset = number - self.start
        return bytes(self._kept[offset : offset + limit])

    def all(self) -> bytes:
        """Everything that is kept."""
        return bytes(self._kept[-self._capacity :])
