"""The console of a container of the in-memory engine: a little shell on a terminal."""

from __future__ import annotations

import socket
from collections.abc import Callable

from cloche_engine.api.console import (
    MAX_FRAME,
    NO_SIZE,
    Answer,
    Ended,
    Gap,
    Input,
    Live,
    Output,
    Signal,
    Size,
    decode,
    encode_output,
    encode_size,
)
from cloche_engine.api.fake_programs import run_line
from cloche_engine.api.fake_viewer import Viewer

KEPT = 64 * 1024
"""Bytes of output that a console remembers."""


class FakeSession:
    """A program on a terminal: echoes what is typed, answers a few commands, keeps its output."""

    def __init__(
        self,
        hostname: str,
        on_end: Callable[[int], None],
        argv: tuple[str, ...] = ("/bin/sh",),
    ) -> None:
        self.argv = argv
        self._hostname = hostname
        self._on_end = on_end
        self._viewers: list[Viewer] = []
        self._sizes: dict[Viewer, Size] = {}
        self._size = Size(24, 80)
        self._kept = bytearray()
        self._said = 0
        self._line = ""
        self._unsent = bytearray()
        self.ended = False
        self.say(self._prompt)
        self._send()

    @property
    def _prompt(self) -> str:
        return f"root@{self._hostname}:/# "

    @property
    def kept(self) -> bytes:
        """What was said last."""
        return bytes(self._kept)

    def attach(self, rows: int, columns: int) -> socket.socket:
        """A new viewer's socket; what is kept comes first."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        viewer = Viewer(ours, self._on_packet)
        self._viewers.append(viewer)
        first = self._said - len(self._kept)
        if first:
            viewer.send(encode_output(Gap(first)))
        for at in range(0, len(self._kept), MAX_FRAME // 2):
            piece = bytes(self._kept[at : at + MAX_FRAME // 2])
            viewer.send(encode_output(Output(first + at, piece)))
        viewer.send(encode_output(Live()))
        self._sizes[viewer] = Size(rows, columns)
        self._lead(viewer)
        return theirs

    def say(self, text: str) -> None:
        """Output of the program, with the terminal's line ends."""
        data = text.replace("\n", "\r\n").encode()
        self._kept += data
        del self._kept[:-KEPT]
        self._unsent += data
        self._said += len(data)

    def _send(self) -> None:
        """What was said since the last time, in as few packets as it takes."""
        data, self._unsent = bytes(self._unsent), bytearray()
        first = self._said - len(data)
        for at in range(0, len(data), MAX_FRAME // 2):
            packet = encode_output(Output(first + at, data[at : at + MAX_FRAME // 2]))
            for viewer in self._viewers:
                viewer.send(packet)

    def end(self, code: int) -> None:
        """The program ends with this code; viewers are told and let go."""
        if self.ended:
            return
        self.ended = True
        self._send()
        for viewer in self._viewers:
            viewer.send(encode_output(Ended(code)), last=True)
        self._on_end(code)

    def close(self) -> None:
        """Let go of all viewers without a word."""
        for viewer in self._viewers:
            viewer.close()

    def _on_packet(self, viewer: Viewer, packet: bytes) -> None:
        try:
            frame = decode(packet)
        except ValueError:
            viewer.close()
            return
        match frame:
            case Input(payload):
                self._lead(viewer)
                self._type(payload.decode(errors="replace"))
            case Size():
                self._sizes[viewer] = frame
                self._lead(viewer, frame)
            case Signal(number):
                self.end(128 + number)
            case Answer():
                pass  # this shell asks its terminal nothing
            case _:
                viewer.close()

    def _lead(self, origin: Viewer, known: Size | None = None) -> None:
        """The size is that of the viewer who types; `known` is what it knows without being told.

        Who only looks is told the size.
        """
        if self._sizes[origin] == NO_SIZE:
            origin.send(encode_size(self._size, to_viewer=True))
            return
        before, self._size = self._size, self._sizes[origin]
        self._viewers = [viewer for viewer in self._viewers if viewer.is_open]
        for viewer in self._viewers if before != self._size else ():
            if viewer is not origin or known != self._size:
                viewer.send(encode_size(self._size, to_viewer=True))

    def _type(self, text: str) -> None:
        for key in text:
            if not self.ended:
                self._key(key)
        self._send()

    def _key(self, key: str) -> None:
        match key:
            case "\r" | "\n":
                line, self._line = self._line, ""
                self.say("\n")
                self._run(line)
            case "\x7f" | "\b":
                if self._line:
                    self._line = self._line[:-1]
                    self.say("\b \b")
            case "\x03":
                self._line = ""
                self.say("^C\n" + self._prompt)
            case "\x04":
                if not self._line:
                    self.say("exit\n")
                    self.end(0)
            case _:
                if key.isprintable():
                    self._line += key
                    self.say(key)

    def _run(self, line: str) -> None:
        output, code = run_line(line, self._hostname)
        self.say(output)
        if code is not None:
            self.end(code)
        else:
            self.say(self._prompt)
