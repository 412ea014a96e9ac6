"""Waiting for processes of ours that somebody can stop (SIGSTOP): told, and never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cloche_engine.api.errors import TimedOutError
from cloche_engine.kernel.processes import children_of, is_stopped, name_of

_Result = TypeVar("_Result")
_LOOK = 1.0
"""Seconds without an answer after which it is looked at who is to give it."""
# The holder is not among them: it is stopped from its beginning to its end.
_OF_A_START = {"cloche-spawner", "cloche-spare", "cloche-launcher", "cloche-init"}


class HeldUpError(TimedOutError):
    """Nobody answers, because a process is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"process {pid} ({name_of(pid)}), which has to do this, is stopped (SIGSTOP)",
            f"let it go on: kill -CONT {pid}",
        )


def stopped_in(pid: int) -> int:
    """A monitor, a spawner, or what they start containers by, where it is stopped; otherwise 0."""
    if is_stopped(pid):
        return pid
    below = (child for child in children_of(pid) if name_of(child) in _OF_A_START)
    return next(filter(None, map(stopped_in, below)), 0)


async def unless_stopped(waiting: Awaitable[_Result], who: Callable[[], int]) -> _Result:
    """What is waited for; HeldUpError where `who`, a pid or 0, is stopped and it does not come."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(waiting)
    held = 0

    def look() -> None:
        nonlocal held
        held = 0 if task.done() else stopped_in(who())
        if held:
            task.cancel()
        elif not task.done():
            loop.call_later(_LOOK, look)

    loop.call_later(_LOOK, look)
    try:
        return await task
    except asyncio.CancelledError:
        here = asyncio.current_task()
        if held and not (here and here.cancelling()):
            raise HeldUpError(held) from None
        raise
