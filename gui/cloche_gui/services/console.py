"""A console socket as signals: output in slices, input without ever blocking."""

from __future__ import annotations

import socket
import time
from collections import deque

from PyQt6.QtCore import QObject, QSocketNotifier, pyqtSignal
from PyQt6.sip import voidptr

from cloche_engine.api import console

SLICE = 0.008
"""Seconds of reading after which the window gets its turn."""
MAX_QUEUED = 1 << 20
"""Bytes of input that may wait for a program that does not read."""


class ConsoleLink(QObject):
    """One attached console; `ended` or `closed` comes once, and then nothing more."""

    output = pyqtSignal(bytes)
    gap = pyqtSignal(object)  # lost bytes: may exceed 32 bits
    resized = pyqtSignal(int, int)  # rows, columns: another viewer's
    ended = pyqtSignal(int, bool)  # code, out of memory
    closed = pyqtSignal()

    def __init__(self, sock: socket.socket, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sock.settimeout(0)
        self._sock = sock
        self._queue: deque[bytes] = deque()
        self._queued = 0
        descriptor = voidptr(sock.fileno())
        self._reader = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
        self._writer = QSocketNotifier(descriptor, QSocketNotifier.Type.Write, self)
        self._writer.setEnabled(False)
        self._reader.activated.connect(self._read)
        self._writer.activated.connect(self._flush)

    @property
    def is_open(self) -> bool:
        """Whether anything can still come or go."""
        return self._sock.fileno() >= 0

    def send(self, typed: bytes) -> None:
        """Send input; what a stuck program does not take waits, up to a limit."""
        for packet in console.encode_input(typed):
            self._put(packet)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the size of the viewer."""
        self._put(console.encode_size(console.Size(rows, columns)))

    def close(self) -> None:
        """Detach; the program does not notice."""
        if not self.is_open:
            return
        self._reader.setEnabled(False)
        self._writer.setEnabled(False)
        self._queue.clear()
        self._sock.close()

    def _put(self, packet: bytes) -> None:
        if not self.is_open or self._queued + len(packet) > MAX_QUEUED:
            return
        self._queue.append(packet)
        self._queued += len(packet)
        self._flush()

    def _flush(self) -> None:
        while self._queue and self.is_open:
            try:
                self._sock.send(self._queue[0])
            except BlockingIOError:
                break
            except OSError:
                self._queue.clear()  # the reader hears of the end and tells it
                break
            self._queue.popleft()
        self._queued = sum(map(len, self._queue))
        if self.is_open:
            self._writer.setEnabled(bool(self._queue))

    def _read(self) -> None:
        until = time.monotonic() + SLICE
        pending: list[bytes] = []
        while self.is_open and time.monotonic() < until:
            packet = self._receive()
            if packet is None:
                break
            self._take(packet, pending)
        self._give(pending)

    def _receive(self) -> bytes | None:
        """One packet, or None where there is none now; an empty one is the end."""
        try:
            return self._sock.recv(console.MAX_FRAME)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _take(self, packet: bytes, pending: list[bytes]) -> None:
        frame = self._decode(packet)
        if isinstance(frame, console.Output):
            pending.append(frame.payload)
            return
        self._give(pending)
        match frame:
            case console.Gap(lost):
                self.gap.emit(lost)
            case console.Size(rows, columns):
                self.resized.emit(rows, columns)
            case console.Ended(code, out_of_memory):
                self.close()
                self.ended.emit(code, out_of_memory)
            case _:
                self.close()
                self.closed.emit()

    def _decode(self, packet: bytes) -> console.Frame | None:
        try:
            return console.decode(packet) if packet else None
        except ValueError:
            return None

    def _give(self, pending: list[bytes]) -> None:
        if pending:
            self.output.emit(b"".join(pending))
            pending.clear()
