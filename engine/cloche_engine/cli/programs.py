"""`exec`: a further program in a container, on this terminal or with three pipes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from cloche_engine.api.client import Engine
from cloche_engine.api.console import MAX_FRAME, Ended, decode, encode_signal
from cloche_engine.api.errors import StartFailedError, UnavailableError
from cloche_engine.api.model import ExecRequest
from cloche_engine.cli.terminal import attach, size, tell, write_all

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)
_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CHUNK = 65536
_QUIET_MS = 500


_MISSING, _NOT_EXECUTED = 127, 126
"""Exit status where there is no such program, or one that cannot be executed, as of a shell."""


async def execute(engine: Engine, options: argparse.Namespace) -> int:
    """Run it to its end; its exit status is ours."""
    try:
        return await _run(engine, options)
    except StartFailedError as error:
        if error.details.get("operation") != "Execute":
            raise
        tell(f"{error.message}; {error.hint}")
        return _MISSING if error.details.get("name") == "ENOENT" else _NOT_EXECUTED


async def _run(engine: Engine, options: argparse.Namespace) -> int:
    request = ExecRequest(
        tuple(options.program), tuple(options.env), options.directory, options.user
    )
    if options.terminal or (os.isatty(_STDIN) and os.isatty(_STDOUT)):
        return await _on_terminal(engine, options.name, request)
    return await _with_pipes(engine, options.name, request)


async def _on_terminal(engine: Engine, name: str, request: ExecRequest) -> int:
    rows, columns = size()
    kind = os.environ.get("TERM", "")
    environment = (("TERM", kind),) if kind.isprintable() and kind else ()
    environment = (*environment, *request.environment)
    request = replace(request, environment=environment, terminal=True, rows=rows, columns=columns)
    with await engine.exec(name, request) as link, _signals_sent(link):
        return _status(name, await attach(link))


async def _with_pipes(engine: Engine, name: str, request: ExecRequest) -> int:
    """The program gets pipes of ours, never our own descriptors, which may be a root terminal."""
    pumps = _Pumps()
    try:
        link = await engine.exec(name, replace(request, stdio=pumps.theirs))
    finally:
        pumps.let_go_of_theirs()
    with link, _signals_sent(link):
        pumps.begin()
        ended = await _end(link)
        await asyncio.to_thread(pumps.finish)
    return _status(name, ended)


async def _end(link: socket.socket) -> Ended | None:
    link.settimeout(0)
    loop = asyncio.get_running_loop()
    while packet := await loop.sock_recv(link, MAX_FRAME + 64):
        frame = decode(packet)
        if isinstance(frame, Ended):
            return frame
    return None


def _status(name: str, ended: Ended | None) -> int:
    if ended is None:
        raise UnavailableError(
            "how the program ended is not known: the container ended, or its monitor did",
            "look at the state of the container",
        )
    if ended.out_of_memory:
        tell(
            f"The memory limit of {name} was reached, and the kernel killed the program: raise it."
        )
    return ended.code & 0xFF


@contextmanager
def _signals_sent(link: socket.socket) -> Iterator[None]:
    """Signals that would end us go to the program instead."""
    loop = asyncio.get_running_loop()

    def send(number: int) -> None:
        with contextlib.suppress(OSError):
            link.send(encode_signal(number))

    for number in _FORWARDED:
        loop.add_signal_handler(number, send, number)
    try:
        yield
    finally:
        for number in _FORWARDED:
            loop.remove_signal_handler(number)


class _Pumps:
    """Three pipes, and threads that carry bytes between them and our own descriptors."""

    def __init__(self) -> None:
        stdin, self._input = os.pipe()
        self._output, stdout = os.pipe()
        self._errors, stderr = os.pipe()
        self.theirs = (stdin, stdout, stderr)
        self._over = threading.Event()
        self._readers: list[threading.Thread] = []

    def let_go_of_theirs(self) -> None:
        """The program has its ends; ours of them would hide the end of its output."""
        for number in self.theirs:
            os.close(number)

    def begin(self) -> None:
        """Start to carry bytes."""
        threading.Thread(target=self._feed, daemon=True).start()
        for source, target in ((self._output, _STDOUT), (self._errors, _STDERR)):
            reader = threading.Thread(target=self._carry, args=(source, target), daemon=True)
            reader.start()
            self._readers.append(reader)

    def finish(self) -> None:
        """Return when all that the program said is written.

        A process that it left behind may hold the pipes open: half a second of silence ends that.
        """
        self._over.set()
        for reader in self._readers:
            reader.join()

    def _feed(self) -> None:
        with contextlib.suppress(OSError):  # the program closed its input, or is gone
            while data := os.read(_STDIN, _CHUNK):
                write_all(self._input, data)
        os.close(self._input)

    def _carry(self, source: int, target: int) -> None:
        poller = select.poll()
        poller.register(source, select.POLLIN)
        with contextlib.suppress(BrokenPipeError):
            while poller.poll(_QUIET_MS) or not self._over.is_set():
                if not poller.poll(0):
                    continue
                data = os.read(source, _CHUNK)
                if not data:
                    break
                write_all(target, data)
        os.close(source)
