"""The one bridge from awaited work to the window: started here, ended by a callback."""

from __future__ import annotations

import asyncio
import itertools
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError
from cloche_engine.api.stopped import UnansweredError
from cloche_gui.services.engine import EngineService

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Job:
    """Work under way; `key` is the container that it concerns."""

    title: str
    key: str = ""
    quiet: bool = False
    number: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def cancel(self) -> None:
        """Stop waiting for it; what the helper has begun it may still finish."""
        if self.task is not None:
            self.task.cancel()


class Jobs(QObject):
    """Runs work against the engine; an error nobody handles arrives at `failed`."""

    changed = pyqtSignal()
    failed = pyqtSignal(object, object)  # Job, EngineError
    cancelled = pyqtSignal(object)  # Job

    def __init__(self, service: EngineService) -> None:
        super().__init__()
        self._service = service
        self._active: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._is_stopped = False

    @property
    def can_begin(self) -> bool:
        """Whether there is an engine to work with."""
        return self._service.is_connected

    @property
    def shown(self) -> list[Job]:
        """Jobs whose progress is shown, oldest first."""
        return [job for job in self._active.values() if not job.quiet]

    def busy(self, key: str) -> str:
        """The title of the job that changes this container now, or an empty text."""
        return next((job.title for job in self.shown if job.key == key), "")

    def run(
        self,
        job: Job,
        work: Callable[[Engine], Awaitable[T]],
        done: Callable[[T], None] | None = None,
        failed: Callable[[EngineError], None] | None = None,
    ) -> Job:
        """Start `work`; its result goes to `done`, its EngineError to `failed`.

        After `stop` nothing is started any more.
        """
        if self._is_stopped:
            return job
        job.number = next(self._numbers)
        self._active[job.number] = job
        job.task = asyncio.get_running_loop().create_task(self._run(job, work, done, failed))
        self.changed.emit()
        return job

    async def _run(
        self,
        job: Job,
        work: Callable[[Engine], Awaitable[Any]],
        done: Callable[[Any], None] | None,
        failed: Callable[[EngineError], None] | None,
    ) -> None:
        try:
            result = await work(self._service.engine)
        except EngineError as error:
            self._end(job)
            self._fail(job, error, failed)
        except asyncio.CancelledError:
            self._end(job)
            self.cancelled.emit(job)
        except Exception as error:  # noqa: BLE001 - the border where a bug becomes a message
            traceback.print_exception(error, file=sys.stderr)
            self._end(job)
            self._fail(job, _unexpected(error), failed)
        else:
            self._end(job)
            if done is not None:
                asyncio.get_running_loop().call_soon(done, result)

    def _fail(
        self, job: Job, error: EngineError, failed: Callable[[EngineError], None] | None
    ) -> None:
        if failed is not None:
            failed(error)
        else:
            self.failed.emit(job, error)
        if isinstance(error, UnansweredError):
            self._service.give_up(error)

    def _end(self, job: Job) -> None:
        self._active.pop(job.number, None)
        self.changed.emit()

    async def stop(self) -> None:
        """Cancel everything and wait for it; the window is going away."""
        self._is_stopped = True
        tasks = [job.task for job in self._active.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _unexpected(error: Exception) -> EngineError:
    return EngineError(
        f"Something unexpected happened ({type(error).__name__}: {error})",
        "this is a fault of Cloche; the terminal that started it shows where",
    )
