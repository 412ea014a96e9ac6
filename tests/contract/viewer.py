"""A viewer of a console socket, for tests that type and read."""

from __future__ import annotations

import asyncio
import socket

from cloche_engine.api.console import (
    MAX_FRAME,
    Ended,
    Frame,
    Output,
    decode,
    encode_input,
)


class Viewer:
    """Types, and waits for what is said."""

    def __init__(self, link: socket.socket) -> None:
        link.settimeout(0)
        self.link = link
        self.said = b""
        self.ended: Ended | None = None
        self.frames: list[Frame] = []

    def enter(self, text: str) -> None:
        for packet in encode_input(text.encode()):
            self.link.send(packet)

    async def until(self, words: bytes) -> None:
        """Read until this was said."""
        while words not in self.said:
            assert await self._next(), f"the console ended before {words!r}: {self.said!r}"

    async def end(self) -> Ended:
        """Read until the program's end."""
        while self.ended is None:
            assert await self._next(), f"no end was told: {self.said!r}"
        return self.ended

    async def frame(self, kind: type[Frame]) -> Frame:
        """Read until a frame of this kind came."""
        while not (found := [frame for frame in self.frames if isinstance(frame, kind)]):
            assert await self._next()
        return found[-1]

    async def _next(self) -> bool:
        async with asyncio.timeout(30):
            packet = await asyncio.get_running_loop().sock_recv(self.link, MAX_FRAME + 64)
        if not packet:
            return False
        frame = decode(packet)
        self.frames.append(frame)
        if isinstance(frame, Output):
            self.said += frame.payload
        elif isinstance(frame, Ended):
            self.ended = frame
        return True

    def close(self) -> None:
        self.link.close()
