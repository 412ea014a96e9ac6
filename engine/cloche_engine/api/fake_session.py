"""Programs of the in-memory engine: a little shell behind a console socket, and pipes."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
from collections import deque
from collections.abc import Callable

from cloche_engine.api.console import (
    MAX_FRAME,
    Ended,
    Gap,
    Input,
    Output,
    Signal,
    Size,
    decode,
    encode_output,
    encode_size,
)

KEPT = 64 * 1024
"""Bytes of output that a console remembers."""
_QUEUED_FRAMES = 256
_HELP = "help, echo TEXT, hostname, clear, exit [STATUS]: that is all this shell can do.\n"


PROGRAMS = frozenset({"true", "false", "cat", "echo", "sh"})
"""What can be run besides the shell of the container itself."""


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


class FakeSession:
    """A program on a terminal: echoes what is typed, answers a few commands, keeps its output."""

    def __init__(self, hostname: str, on_end: Callable[[int], None]) -> None:
        self._hostname = hostname
        self._on_end = on_end
        self._viewers: list[Viewer] = []
        self._kept = bytearray()
        self._said = 0
        self._line = ""
        self.ended = False
        self.say(self._prompt)

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
        self._resize(viewer, Size(rows, columns))
        return theirs

    def say(self, text: str) -> None:
        """Output of the program, with the terminal's line ends."""
        data = text.replace("\n", "\r\n").encode()
        self._kept += data
        del self._kept[:-KEPT]
        packet = encode_output(Output(self._said, data))
        self._said += len(data)
        for viewer in self._viewers:
            viewer.send(packet)

    def end(self, code: int) -> None:
        """The program ends with this code; viewers are told and let go."""
        if self.ended:
            return
        self.ended = True
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
                self._type(payload.decode(errors="replace"))
            case Size():
                self._resize(viewer, frame)
            case Signal(number):
                self.end(128 + number)
            case _:
                viewer.close()

    def _resize(self, origin: Viewer, size: Size) -> None:
        self._viewers = [viewer for viewer in self._viewers if viewer.is_open]
        for viewer in self._viewers:
            if viewer is not origin:
                viewer.send(encode_size(size, to_viewer=True))

    def _type(self, text: str) -> None:
        for key in text:
            if not self.ended:
                self._key(key)

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


def run_line(line: str, hostname: str) -> tuple[str, int | None]:
    """What a command line prints, and the status where it ends the shell."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        return f"sh: {error}\n", None
    if words[:1] == ["exit"]:
        status = words[1] if len(words) > 1 else "0"
        return "", int(status) % 256 if status.isdecimal() else 2
    return _printed(words, hostname), None


def _printed(words: list[str], hostname: str) -> str:
    match words:
        case []:
            return ""
        case ["help", *_]:
            return _HELP
        case ["echo", *rest]:
            return " ".join(rest) + "\n"
        case ["hostname"]:
            return hostname + "\n"
        case ["clear"]:
            return "\x1b[H\x1b[2J"
        case _:
            return f"sh: {words[0]}: not found\n"


class FakePipes:
    """A program with three pipes: echo, cat, true, false, and `sh -c` with the little shell."""

    def __init__(self, argv: tuple[str, ...], stdio: tuple[int, int, int]) -> None:
        self._stdin, self._stdout, self._stderr = (os.dup(number) for number in stdio)
        self._argv = argv
        ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._viewer = Viewer(ours, lambda _viewer, _packet: None)
        self._task = asyncio.ensure_future(self._run())

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._task.done()

    @property
    def socket(self) -> socket.socket:
        """The socket on which the end is told."""
        return self._theirs

    def close(self) -> None:
        """End the program without a word."""
        self._task.cancel()
        self._viewer.close()

    async def _run(self) -> None:
        try:
            code = await asyncio.to_thread(self._work)
        finally:
            for number in (self._stdin, self._stdout, self._stderr):
                os.close(number)
        self._viewer.send(encode_output(Ended(code)), last=True)

    def _work(self) -> int:
        try:
            return self._program()
        except BrokenPipeError:
            return 128 + signal.SIGPIPE

    def _program(self) -> int:
        name, arguments = self._argv[0].rpartition("/")[2], self._argv[1:]
        if name == "cat":
            return self._copy()
        if name == "echo":
            return self._write(" ".join(arguments) + "\n", 0)
        if name == "sh" and arguments[:1] == ("-c",):
            output, code = run_line(arguments[1] if len(arguments) > 1 else "", "container")
            return self._write(output, code or 0)
        return int(name == "false")

    def _copy(self) -> int:
        while data := os.read(self._stdin, 65536):
            os.write(self._stdout, data)
        return 0

    def _write(self, text: str, code: int) -> int:
        os.write(self._stdout, text.encode())
        return code
