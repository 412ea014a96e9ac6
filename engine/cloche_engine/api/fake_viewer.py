"""The engine's end of a console socket, for the engine in memory."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable

from cloche_engine.api.console import MAX_FRAME, Ended, Output, encode_output

_QUEUED_FRAMES = 256


def last_words(said: bytes, code: int) -> socket.socket:
    """A console socket of a program that ended: what it said, and its status."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        for at in range(0, len(said), MAX_FRAME // 2):
            ours.send(encode_output(Output(at, said[at : at + MAX_FRAME // 2])))
        ours.send(encode_output(Ended(code)))
    return theirs


class Viewer:
    """One end of a console socket: sends without blocking, hands on what comes."""

    def __init__(self, end: socket.socket, on_packet: Callable[[Viewer, bytes], None]) -> None:
        end.settimeout(0)
        self._socket = end
        self._on_packet = on_packet
        self._queue: deque[bytes] = deque()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._read)
        self._last = False

    @property
    def is_open(self) -> bool:
        """Whether somebody may still be looking."""
        return self._socket.fileno() >= 0

    def send(self, packet: bytes, *, last: bool = False) -> None:
        """Queue one packet; a viewer that never reads is let go."""
        if not self.is_open:
            return
        self._last = self._last or last
        self._queue.append(packet)
        if len(self._queue) > _QUEUED_FRAMES:
            self.close()
            return
        self._flush()

    def close(self) -> None:
        """Let go of the viewer."""
        if self.is_open:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()

    def _flush(self) -> None:
        while self._queue:
            try:
                self._socket.send(self._queue[0])
            except BlockingIOError:
                self._loop.add_writer(self._socket.fileno(), self._flush)
                return
            except OSError:
                self.close()
                return
            self._queue.popleft()
        self._loop.remove_writer(self._socket.fileno())
        if self._last:
            self.close()

    def _read(self) -> None:
        try:
            packet = self._socket.recv(MAX_FRAME)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if packet:
            self._on_packet(self, packet)
        else:
            self.close()
