"""A console socket as signals: output in slices, input without ever blocking."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable

from PyQt6.QtCore import QObject, QSocketNotifier, QTimer, pyqtSignal
from PyQt6.sip import voidptr

from cloche_engine.api import console

SLICE = 0.008
"""Seconds of reading after which the window gets its turn."""
MAX_QUEUED = 1 << 20
"""Bytes of input that may wait for a program that does not read."""
MAX_BACKLOG = 256 * 1024
"""Bytes that the terminal may have before it; above that, nothing more is read."""
_PAUSE_MS = 10


class ConsoleLink(QObject):
    """One attached console; `ended` or `closed` comes once, and then nothing more."""

    output = pyqtSignal(bytes, bool)  # what was said, and whether before this viewer came
    gap = pyqtSignal(object)  # lost bytes: may exceed 32 bits
    resized = pyqtSignal(int, int)  # rows, columns that the terminal has now, not this viewer's
    ended = pyqtSignal(int, bool)  # code, out of memory
    closed = pyqtSignal()

    def __init__(
        self,
        sock: socket.socket,
        parent: QObject | None = None,
        backlog: Callable[[], int] = lambda: 0,
    ) -> None:
        super().__init__(parent)
        sock.settimeout(0)
        self._sock = sock
        self._backlog = backlog
        self._is_old = True
        self._queue: deque[bytes] = deque()
        self._queued = 0
        descriptor = voidptr(sock.fileno())
        self._reader = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
        self._writer = QSocketNotifier(descriptor, QSocketNotifier.Type.Write, self)
        self._writer.setEnabled(False)
        self._reader.activated.connect(self._read)
        self._writer.activated.connect(self._flush)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._read)

    @property
    def is_open(self) -> bool:
        """Whether anything can still come or go."""
        return self._sock.fileno() >= 0

    def send(self, typed: bytes) -> None:
        """Send input; what a stuck program does not take waits, up to a limit."""
        for packet in console.encode_input(typed):
            self._put(packet)

    def answer(self, replies: bytes) -> None:
        """Send what the terminal says by itself; counts from one viewer alone."""
        for packet in console.encode_answer(replies):
            self._put(packet)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the size of the viewer."""
        self._put(console.encode_size(console.Size(rows, columns)))

    def only_look(self) -> None:
        """Give neither size nor answers from now on; `resized` tells the size there is."""
        self._put(console.encode_size(console.NO_SIZE))

    def close(self) -> None:
        """Detach; the program does not notice."""
        if not self.is_open:
            return
        self._reader.setEnabled(False)
        self._writer.setEnabled(False)
        self._pause.stop()
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
        while self.is_open and time.monotonic() < until and not self._is_behind(pending):
            packet = self._receive()
            if packet is None:
                break
            self._take(packet, pending)
        self._give(pending)
        if self.is_open:
            self._read_or_pause()

    def _is_behind(self, pending: list[bytes]) -> bool:
        return self._backlog() + sum(map(len, pending)) > MAX_BACKLOG

    def _read_or_pause(self) -> None:
        """Wait while the terminal has enough to do; the program then waits too."""
        is_behind = self._is_behind([])
        self._reader.setEnabled(not is_behind)
        if is_behind:
            self._pause.start()

    def _receive(self) -> bytes | None:
        """One packet, or None where there is none now; an empty one is the end."""
        try:
            try:
                return self._sock.recv(console.MAX_FRAME)
            except ConnectionResetError:  # told before what was said, where we typed too late
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
            case console.Gap(lost, modes):
                self.gap.emit(lost)
                if modes:
                    self.output.emit(modes, self._is_old)
            case console.Live():
                self._is_old = False
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
            self.output.emit(b"".join(pending), self._is_old)
            pending.clear()
