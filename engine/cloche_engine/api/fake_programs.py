"""What runs in containers of the in-memory engine: a few commands, and programs with pipes."""

from __future__ import annotations

import asyncio
import os
import select
import shlex
import signal
import socket

from cloche_engine.api.console import Ended, Signal, decode, encode_output
from cloche_engine.api.fake_viewer import Viewer

PROGRAMS = frozenset({"true", "false", "cat", "echo", "sh"})
"""What can be run besides the shell of the container itself."""
_HELP = "help, echo TEXT, hostname, clear, exit [STATUS]: that is all this shell can do.\n"


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
        self.argv = argv
        ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._viewer = Viewer(ours, self._on_packet)
        self._signal = 0
        self._wake = os.eventfd(0)
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
        self._kill(signal.SIGKILL)
        self._viewer.close()

    def _on_packet(self, viewer: Viewer, packet: bytes) -> None:
        match decode(packet):
            case Signal(number):
                self._kill(number)
            case _:
                viewer.close()

    def _kill(self, number: int) -> None:
        if not self.ended:
            self._signal = number
            os.eventfd_write(self._wake, 1)

    async def _run(self) -> None:
        try:
            code = await asyncio.to_thread(self._work)
        finally:
            for number in (self._stdin, self._stdout, self._stderr, self._wake):
                os.close(number)
        self._viewer.send(encode_output(Ended(code)), last=True)

    def _work(self) -> int:
        try:
            code = self._program()
        except BrokenPipeError:
            code = 128 + signal.SIGPIPE
        return 128 + self._signal if self._signal else code

    def _program(self) -> int:
        name, arguments = self.argv[0].rpartition("/")[2], self.argv[1:]
        if name == "cat":
            return self._copy()
        if name == "echo":
            return self._write(" ".join(arguments) + "\n", 0)
        if name == "sh" and arguments[:1] == ("-c",):
            output, code = run_line(arguments[1] if len(arguments) > 1 else "", "container")
            return self._write(output, code or 0)
        return int(name == "false")

    def _copy(self) -> int:
        while True:
            ready, _, _ = select.select([self._stdin, self._wake], [], [])
            data = b"" if self._wake in ready else os.read(self._stdin, 65536)
            if not data:
                return 0
            os.write(self._stdout, data)

    def _write(self, text: str, code: int) -> int:
        os.write(self._stdout, text.encode())
        return code
