"""The helper's life: connect, serve, end. Which engine it shows is the caller's choice."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cloche_engine.api.bus_link import SYSTEM, connected
from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.client import Engine
from cloche_engine.api.errors import UnavailableError
from cloche_engine.daemon.authority import Authority, OpenAuthority, PolkitAuthority
from cloche_engine.daemon.idle import IdleWatch
from cloche_engine.daemon.private_bus import PrivateBus
from cloche_engine.daemon.private_directory import PrivateDirectory
from cloche_engine.daemon.service import BODY_LIMIT, Service
from cloche_engine.daemon.starter import Starter

OpenEngine = Callable[[Path, Path, str], Awaitable[Engine]]
"""Directory of definitions and logs, directory of sockets, name of the instance."""

IDLE_GRACE = 60.0
_STATE = Path("/var/lib/cloche")
_RUNTIME = Path("/run/cloche")
_PATIENCE = 10.0


async def serve_system(open_engine: OpenEngine) -> None:
    """Serve on the system bus, with polkit, until a signal or the end of the bus."""
    for path in (_STATE, _RUNTIME):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    signalled = _signalled()
    bus = await connected(SYSTEM, BODY_LIMIT)
    async with _serving(bus, await open_engine(_STATE, _RUNTIME, "system"), PolkitAuthority(bus)):
        await _first_of(signalled.wait(), _end_of(bus))


async def serve_private(
    path: Path, open_engine: OpenEngine, starter: Starter, grace: float = IDLE_GRACE
) -> None:
    """Serve on a bus of its own below `path`, and tell the starter when callers may come."""
    directory = PrivateDirectory.make(path)
    with contextlib.closing(directory):
        if await _serves_already(directory):
            starter.ready()
            return
        starter.redirect(directory.open_log())
        signalled = _signalled()
        with _private_bus(directory):
            await _serve_directory(directory, open_engine, starter, signalled, grace)


async def _serve_directory(
    directory: PrivateDirectory,
    open_engine: OpenEngine,
    starter: Starter,
    signalled: asyncio.Event,
    grace: float,
) -> None:
    state, runtime = directory.subdirectory("state"), directory.subdirectory("run")
    bus = await connected(f"unix:path={directory.bus_socket}", BODY_LIMIT)
    engine = await open_engine(state, runtime, directory.instance())
    async with _serving(bus, engine, OpenAuthority()):
        watch = IdleWatch(bus, engine, directory.trim_log)
        await watch.begin()
        starter.ready()
        await _first_of(signalled.wait(), _end_of(bus), watch.until_idle(grace))


@contextmanager
def _private_bus(directory: PrivateDirectory) -> Iterator[None]:
    user = int(os.environ.get("PKEXEC_UID") or os.getuid())
    bus = PrivateBus.start(directory, user)
    try:
        yield
    finally:
        bus.stop()
        with contextlib.suppress(FileNotFoundError):
            directory.bus_socket.unlink()


@asynccontextmanager
async def _serving(bus: Connection, engine: Engine, authority: Authority) -> AsyncIterator[None]:
    service = Service(bus, engine, authority)
    try:
        await service.begin()
        gc.freeze()  # what is there by now stays: no collection amid a start looks at it again
        yield
    finally:
        await service.close()
        await engine.close()
        bus.disconnect()
        await _end_of(bus)


async def _serves_already(directory: PrivateDirectory) -> bool:
    """Whether another helper serves this directory; takes the lock where none does."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while not directory.lock():
                if await _answers(directory.bus_socket):
                    return True
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise UnavailableError(
            f"another helper holds {directory.path}, but does not answer",
            "end that process (cloched), then try again",
        ) from None
    return False


async def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            await asyncio.get_running_loop().sock_connect(probe, str(path))
        except OSError:
            return False
    return True


def _signalled() -> asyncio.Event:
    """Set at SIGTERM or SIGINT from now on, so that a start that they meet is ended in order."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    return told


async def _end_of(bus: Connection) -> None:
    with contextlib.suppress(OSError, EOFError):
        # Shielded: the connection has one future for all who wait, and cancelling would end it.
        await asyncio.shield(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]


async def _first_of(*every: Awaitable[object]) -> None:
    """Return when one of these is over; an exception of that one is raised."""
    tasks = [asyncio.ensure_future(one) for one in every]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
