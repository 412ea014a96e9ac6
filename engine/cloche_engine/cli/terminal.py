"""`console`: the keyboard and the screen of this terminal become those of a container."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from cloche_engine.api.client import Engine
from cloche_engine.api.console import (
    MAX_FRAME,
    Ended,
    Gap,
    Live,
    Output,
    Size,
    decode,
    encode_input,
    encode_size,
)
from cloche_engine.api.errors import EngineError, WrongStateError
from cloche_engine.api.model import Container
from cloche_engine.cli.replay import Replay
from cloche_engine.cli.words import printable

DETACH = b"\x1d"
_STDIN, _STDOUT = 0, 1
_QUIET = 0.5
_CHUNK = 4096
# Attributes, cursor, mouse reports and bracketed paste as a shell expects them.
_SOBER = b"\x1b[0m\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\r\n"


async def console(engine: Engine, options: argparse.Namespace) -> int:
    """Until its program ends or Ctrl+] is pressed; from a pipe, until all is read and quiet."""
    rows, columns = size()
    before = await engine.container(options.name)
    with await engine.open_console(options.name, rows, columns) as link:
        if os.isatty(_STDIN) and before.state.is_live:
            tell("Ctrl+] leaves this console; the container goes on.")
        ended = await attach(link, detach=DETACH)
    if not before.state.is_live and (before.error or before.exit_code is None):
        raise _not_run(before)
    if ended is not None:
        reason = ": it needed more memory than it may have" if ended.out_of_memory else ""
        tell(f"The program of {before.name} ended with status {ended.code}{reason}.")
    return 0


def _not_run(container: Container) -> EngineError:
    """Why there is no console to be had of a container that did not start, or not yet."""
    if container.error:
        return WrongStateError(container.error, container.hint)
    return WrongStateError(f"{container.name!r} has not run yet", "start it first")


async def attach(link: socket.socket, detach: bytes = b"") -> Ended | None:
    """Connect this terminal to a console socket; how the program ended, or None if we left."""
    link.settimeout(0)
    with _raw_terminal(), _size_followed(link):
        keyboard, screen = _Keyboard(asyncio.get_running_loop()), _Screen()
        typing = asyncio.ensure_future(_type(keyboard, link, detach))
        showing = asyncio.ensure_future(screen.show(link))
        try:
            await asyncio.wait({typing, showing}, return_when=asyncio.FIRST_COMPLETED)
            if typing.done() and not typing.result():
                await screen.until_quiet(showing)
            return showing.result() if showing.done() else None
        finally:
            for task in (typing, showing):
                task.cancel()
            await asyncio.gather(typing, showing, return_exceptions=True)


def size() -> tuple[int, int]:
    """Rows and columns of this terminal, or 24 by 80."""
    try:
        columns, rows = os.get_terminal_size(_STDOUT)
    except OSError:
        return 24, 80
    return max(rows, 1), max(columns, 1)


async def _type(keyboard: _Keyboard, link: socket.socket, detach: bytes) -> bool:
    """Send what is typed; True where the user wants to leave, False at the end of the input."""
    loop = asyncio.get_running_loop()
    while typed := await keyboard.read():
        before, leave = typed, b""
        if detach and keyboard.is_terminal:
            before, leave, _ = typed.partition(detach)
        for packet in encode_input(before):
            with contextlib.suppress(OSError):  # it ended: what it said last is still to be shown
                await loop.sock_sendall(link, packet)
        if leave:
            return True
    return False


async def _receive(link: socket.socket) -> bytes:
    """The next packet; a reset is told once, before what is still to be read."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.sock_recv(link, MAX_FRAME + 64)
    except ConnectionResetError:
        return await loop.sock_recv(link, MAX_FRAME + 64)


def write_all(number: int, data: bytes) -> None:
    """All of it, however small the pipe is."""
    while data:
        data = data[os.write(number, data) :]


class _Screen:
    """Standard output, with a count of what came, to see when nothing comes any more."""

    def __init__(self) -> None:
        self._frames = 0
        self._replay = Replay()
        self._is_old = os.isatty(_STDOUT)  # a file gets every byte as it was said

    async def show(self, link: socket.socket) -> Ended | None:
        """Write what the program says until it ends; None where the connection does."""
        with contextlib.suppress(ConnectionError):
            while packet := await _receive(link):
                self._frames += 1
                match decode(packet):
                    case Output(_, payload) if self._is_old:
                        self._replay.add(payload)
                    case Output(_, payload):
                        write_all(_STDOUT, payload)
                    case Live():
                        self._show_replay()
                    case Gap(lost, modes):
                        self._jump(lost, modes)
                    case Ended() as ended:
                        self._show_replay()
                        return ended
                    case _:
                        pass
        return None

    def _jump(self, lost: int, modes: bytes) -> None:
        if not os.isatty(_STDOUT):
            tell(f"{lost} bytes of earlier output are not kept any more.")
        elif self._is_old:
            self._replay.add(modes)
        else:
            write_all(_STDOUT, modes)

    def _show_replay(self) -> None:
        self._is_old = False
        write_all(_STDOUT, self._replay.take())

    async def until_quiet(self, showing: asyncio.Future[Ended | None]) -> None:
        """Return when the program said nothing for half a second, or ended."""
        before = -1
        while before != self._frames and not showing.done():
            before = self._frames
            await asyncio.wait({showing}, timeout=_QUIET)


class _Keyboard:
    """Standard input, whatever it is, read by a thread one chunk ahead."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.is_terminal = os.isatty(_STDIN)
        self._loop = loop
        self._wanted = threading.Semaphore(1)
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        # A daemon: it stays in read(2) when everything else is over.
        threading.Thread(target=self._work, daemon=True).start()

    async def read(self) -> bytes:
        """The next bytes; none at the end."""
        data = await self._chunks.get()
        self._wanted.release()
        return data

    def _work(self) -> None:
        data = b"-"
        while data:
            self._wanted.acquire()
            try:
                data = os.read(_STDIN, _CHUNK)
            except OSError:
                data = b""
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, data)


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Every key goes to the container; the terminal is as before afterwards, whatever happens."""
    if not os.isatty(_STDIN):
        yield
        return
    before = termios.tcgetattr(_STDIN)
    try:
        tty.setraw(_STDIN, termios.TCSADRAIN)  # what was typed ahead is for the container
        yield
    finally:
        termios.tcsetattr(_STDIN, termios.TCSADRAIN, before)
        if os.isatty(_STDOUT):
            write_all(_STDOUT, _SOBER)


@contextmanager
def _size_followed(link: socket.socket) -> Iterator[None]:
    """Tell the container whenever the terminal's size changes."""
    if not os.isatty(_STDOUT):
        yield
        return

    def tell() -> None:
        with contextlib.suppress(OSError):
            link.send(encode_size(Size(*size())))

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, tell)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


def tell(line: str) -> None:
    """One line on stderr, beside what the program says."""
    print(f"clochectl: {printable(line)}", file=sys.stderr, flush=True)
