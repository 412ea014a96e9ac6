"""One attached window or command: how far it has read, and what it typed."""

from __future__ import annotations

import contextlib
import socket

from cloche_engine.api.console import (
    MAX_FRAME,
    Ended,
    Frame,
    Gap,
    Live,
    Output,
    Size,
    decode,
    encode_output,
    encode_size,
)
from cloche_engine.monitor.patience import Patience
from cloche_engine.monitor.ring import Ring

_CHUNK = MAX_FRAME - 64


class Viewer:
    """A console socket; never blocks. How long a program waits for it, its patience says.

    What the ring has from before the byte numbered `live` is old.
    """

    def __init__(
        self, link: socket.socket, ring: Ring, live: int, size: Size | None = None
    ) -> None:
        link.settimeout(0)
        self.size = size
        """Its own size; None where it has no terminal, or only looks."""
        self._known = size
        self.link = link
        self.patience = Patience()
        self._ring = ring
        self._at = 0
        self._live: int | None = live
        self._size: Size | None = None
        self._ended: Ended | None = None
        self.finished = False
        self.has_gap = False
        """Whether it was told of bytes that it has not seen."""

    @property
    def behind(self) -> int:
        """How many bytes are kept that it has not taken."""
        return self._ring.end - max(self._at, self._ring.start)

    def flush(self) -> bool:
        """Send what it has not seen; False where it cannot take more now."""
        try:
            self._flush()
        except BlockingIOError:
            return False
        except OSError:
            self.finished = True
        return True

    def _flush(self) -> None:
        if self._live is not None:
            self._send_output(self._live)
            self.link.send(encode_output(Live()))
            self._live = None
        self._send_output(self._ring.end)
        if self._size != self._known and self._size is not None:
            self.link.send(encode_size(self._size, to_viewer=True))
            self._known = self._size
        if self._ended is not None:
            self.link.send(encode_output(self._ended))
            self.finished = True

    def _send_output(self, end: int) -> None:
        while self._at < end:
            if self._at < self._ring.start:
                start, modes = self._ring.start, self._ring.lost_modes.sequences()
                self.link.send(encode_output(Gap(start - self._at, modes)))
                self._at, self.has_gap = start, True
                continue
            pieces = self._ring.pieces(self._at, min(_CHUNK, end - self._at))
            self.link.sendmsg([encode_output(Output(self._at, b"")), *pieces])
            count = sum(map(len, pieces))
            self._at += count
            self.patience.take(count)

    def wish(self, size: Size | None) -> None:
        """It has another size now, and knows that; None: none of its own any more."""
        self.size = self._known = size

    def tell_size(self, size: Size) -> None:
        """The terminal has this size; sent with the next flush where the viewer has another."""
        self._size = size

    def tell_end(self, ended: Ended) -> None:
        """The program ended; sent after all its output."""
        self._ended = ended

    def close(self) -> None:
        """Hang up; what it has not read yet, it still can.

        A socket that is closed with something unread tells the other end ECONNRESET before all
        that waits there (unix_release_sock() in the kernel).
        """
        with self.link, contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RD)
            while self.link.recv(MAX_FRAME):
                pass

    def receive(self) -> Frame | None:
        """What it sent; None where it sent nonsense or nothing, `finished` where it hung up."""
        try:
            packet = self.link.recv(MAX_FRAME)
        except BlockingIOError:
            return None
        except OSError:
            packet = b""
        if not packet:
            self.finished = True
            return None
        try:
            return decode(packet)
        except ValueError:
            return None
