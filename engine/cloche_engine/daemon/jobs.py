"""Long calls that tell how far they are and can be cancelled, by a name that their caller chose."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from dbus_fast import Message

from cloche_engine.api.bus_templates import PROGRESS
from cloche_engine.api.bus_values import wire_text
from cloche_engine.api.errors import CancelledError, InvalidArgumentError, NotFoundError
from cloche_engine.api.names import MANAGER, ROOT_PATH
from cloche_engine.api.templates import Progress, Tell

_Result = TypeVar("_Result")
_LONGEST_NAME = 64


class Jobs:
    """The jobs that are under way; `emit` sends the signals."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._tasks: dict[str, asyncio.Future[Any]] = {}

    async def run(self, job: str, work: Callable[[Tell], Awaitable[_Result]]) -> _Result:
        """Do it to its end; CancelledError where `cancel` ended it."""
        if not (0 < len(job) <= _LONGEST_NAME and job.isalnum()) or job in self._tasks:
            raise InvalidArgumentError(
                "a job needs a name that no other has", "use at most 64 letters and digits"
            )

        def tell(progress: Progress) -> None:
            body = [job, progress.done, progress.total, wire_text(progress.words)]
            self._emit(Message.new_signal(ROOT_PATH, MANAGER, PROGRESS, "stts", body))

        task = asyncio.ensure_future(work(tell))
        self._tasks[job] = task
        try:
            return await task
        except asyncio.CancelledError:
            here = asyncio.current_task()
            if here is not None and here.cancelling():
                raise
            raise CancelledError("the job was cancelled", "nothing of it is left") from None
        finally:
            del self._tasks[job]

    def cancel(self, job: str) -> None:
        """End a job; its own call tells when everything of it is gone."""
        task = self._tasks.get(job)
        if task is None:
            raise NotFoundError("there is no such job any more")
        task.cancel()
