"""Long calls that tell their caller how far they are, and that nobody else can cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
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
    """The jobs under way, by caller and the name that it chose; `emit` sends the signals."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._tasks: dict[tuple[str, str], asyncio.Task[Any]] = {}

    async def run(
        self, caller: str, job: str, work: Callable[[Tell], Coroutine[Any, Any, _Result]]
    ) -> _Result:
        """Do it to its end; CancelledError where `cancel` or `end_all` ended it."""
        key = (caller, job)
        if key in self._tasks:
            raise _bad_name()
        task = asyncio.create_task(work(lambda progress: self._tell(key, progress)))
        self._tasks[key] = task
        try:
            return await task
        except asyncio.CancelledError:
            here = asyncio.current_task()
            if here is not None and here.cancelling():
                raise
            raise CancelledError("the job was cancelled", "nothing of it is left") from None
        finally:
            del self._tasks[key]

    def cancel(self, caller: str, job: str) -> None:
        """End a job of this caller; its own call tells when everything of it is gone."""
        task = self._tasks.get((caller, job))
        if task is None:
            raise NotFoundError("there is no such job any more")
        _cancel(task)

    def end_all(self, caller: str) -> None:
        """End all of a caller that left."""
        for (known, _), task in self._tasks.items():
            if known == caller:
                _cancel(task)

    def _tell(self, key: tuple[str, str], progress: Progress) -> None:
        caller, job = key
        body = [job, progress.done, progress.total, wire_text(progress.words)]
        message = Message.new_signal(ROOT_PATH, MANAGER, PROGRESS, "stts", body)
        message.destination = caller
        self._emit(message)


def check_job_name(job: str) -> None:
    """InvalidArgumentError for what is no name of a job."""
    if not (0 < len(job) <= _LONGEST_NAME and job.isalnum()):
        raise _bad_name()


def _bad_name() -> InvalidArgumentError:
    return InvalidArgumentError(
        "a job needs a name that none of yours has", "use at most 64 letters and digits"
    )


def _cancel(task: asyncio.Task[Any]) -> None:
    """Once: a second time would cut short the tidying up after the first."""
    if not task.cancelling():
        task.cancel()
