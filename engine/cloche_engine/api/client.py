"""The engine as its users see it; the real one, the one over D-Bus and the one in memory agree."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Protocol

from cloche_engine.api.errors import InvalidArgumentError, WrongStateError
from cloche_engine.api.model import (
    About,
    Change,
    Container,
    Copied,
    ExecRequest,
    Process,
    Samples,
    StartReport,
    State,
    Stats,
    StoredDefinition,
)
from cloche_engine.api.networks import Network
from cloche_engine.api.templates import Templates

MAX_GRACE = 86_400
"""Most seconds between the polite signal of a stop and the kill."""


def checked_grace(grace: float | None) -> float | None:
    """The time as it is, None for that of the definition; InvalidArgumentError for none at all."""
    if grace is not None and not 0 <= grace <= MAX_GRACE:
        raise InvalidArgumentError(f"{grace} is no time to wait", f"give 0 to {MAX_GRACE} seconds")
    return grace


_ENDS = {"stopped": "stop", "killed": "kill"}


_NEXT = {
    State.STOPPED: "start it first",
    State.FAILED: "start it first",
    State.WAITING: "start it first",
    State.STARTING: "wait until it runs, or kill it",
    State.RUNNING: "stop it first",
    State.PAUSED: "resume it first",
    State.STOPPING: "wait until it has ended, or kill it",
}
"""What to do first in most cases; the others are below."""

_INSTEAD = {
    ("started", State.RUNNING): "restart it to have it begin anew",
    ("started", State.PAUSED): "resume it",
    ("resumed", State.RUNNING): "it is not paused: there is nothing to do",
    ("resumed", State.STOPPED): "start it",
    ("resumed", State.FAILED): "start it",
    ("resumed", State.WAITING): "start it",
    ("deleted", State.PAUSED): "stop it first",
    ("deleted", State.WAITING): "stop it first",
}


def wrong_state(name: str, state: State, done: str) -> WrongStateError:
    """Why something cannot be `done` to a container in a state that does not allow it."""
    if done in _ENDS and not state.can_kill:
        return WrongStateError(
            f"{name!r} does not run: there is nothing to {_ENDS[done]}", "see the list of what runs"
        )
    if (done, state) == ("paused", State.PAUSED):
        return WrongStateError(f"{name!r} is paused already", "resume it to have it go on")
    hint = _INSTEAD.get((done, state), _NEXT[state])
    return WrongStateError(f"{name!r} is {state} and cannot be {done}", hint)


DEFAULT_INTERVAL = 1.0
MIN_INTERVAL, MAX_INTERVAL = 0.1, 3600.0
"""Seconds between two samples."""


def checked_interval(interval: float) -> float:
    """The interval; InvalidArgumentError where nobody can sample at such a one."""
    if MIN_INTERVAL <= interval <= MAX_INTERVAL:
        return interval
    raise InvalidArgumentError(
        f"{interval:g} seconds are no interval between samples",
        f"give {MIN_INTERVAL:g} to {MAX_INTERVAL:g}",
    )


class Engine(Protocol):
    """Containers by name or uuid (`ref`); every method raises only subclasses of EngineError."""

    async def about(self) -> About:
        """Version and kind of this engine."""
        ...

    async def networks(self) -> list[Network]:
        """The networks that the engine manages itself, also those that are not made yet."""
        ...

    @property
    def templates(self) -> Templates:
        """The root trees that containers are made from."""
        ...

    async def containers(self) -> list[Container]:
        """All containers, sorted by name."""
        ...

    async def container(self, ref: str) -> Container:
        """One container."""
        ...

    async def define(self, text: bytes, etag: str = "") -> Container:
        """Store a definition; a new one where etag is empty, otherwise the one that has this etag.

        A uuid is written into the document where it has none. A running container feels other
        limits at once; where the kernel refuses one of them nothing changes and nothing is stored.
        """
        ...

    async def undefine(self, ref: str) -> None:
        """Remove the definition of a container that does not run."""
        ...

    async def definition(self, ref: str) -> StoredDefinition:
        """The stored bytes and their etag."""
        ...

    async def start(self, ref: str) -> Container:
        """Start it; returns when its program runs."""
        ...

    async def stop(self, ref: str, grace: float | None = None) -> Container:
        """Ask its init to end by the definition's signal, kill it after the grace; returns then.

        The grace is seconds, or None for the definition's own.
        """
        ...

    async def kill(self, ref: str, signal: int = 9) -> Container:
        """Send a signal to its init; with 9 everything in it ends, and this returns after that."""
        ...

    async def pause(self, ref: str) -> Container:
        """Freeze its processes."""
        ...

    async def resume(self, ref: str) -> Container:
        """Thaw its processes."""
        ...

    async def restart(self, ref: str, grace: float | None = None) -> Container:
        """Stop it where it runs, then start it."""
        ...

    async def open_console(self, ref: str, rows: int, columns: int) -> socket.socket:
        """A socket with the frames of api.console; all that was said and is kept comes first.

        Who only looks gives 0 by 0.
        """
        ...

    async def exec(self, ref: str, request: ExecRequest) -> socket.socket:
        """Run a program inside; a console socket (with no terminal: only its end is told)."""
        ...

    async def copy_out(self, ref: str, path: str, sink: int) -> Copied:
        """Write what lies at a path inside to a pipe, as a tar stream; NotFoundError."""
        ...

    async def copy_in(self, ref: str, path: str, source: int) -> Copied:
        """Unpack a tar stream from a pipe into a folder inside.

        Where the path is none, the first name of every member becomes the path's last one.
        """
        ...

    async def logs(self, ref: str) -> bytes:
        """What the console said last, also after the end."""
        ...

    async def processes(self, ref: str) -> list[Process]:
        """What runs in it, by pid on the host; WrongStateError where nothing does."""
        ...

    async def explain(self, ref: str) -> StartReport:
        """The last start, step by step, failed or not; WrongStateError where there was none."""
        ...

    async def stats(self, ref: str) -> Stats:
        """Usage now."""
        ...

    async def watch(
        self, listener: Callable[[Samples], None], interval: float = DEFAULT_INTERVAL
    ) -> Callable[[], None]:
        """Call `listener` with what everything that runs uses, now and then every `interval` s.

        0.1 to 3600 seconds; the function returned ends that.
        """
        ...

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` at every change; the function returned ends that."""
        ...

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Call `listener` once when the connection to the engine is gone."""
        ...

    async def close(self) -> None:
        """Let go of the engine; containers go on."""
        ...
