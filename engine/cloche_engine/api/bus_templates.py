"""Templates over D-Bus: jobs with progress by signals, cancelled by a method."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from typing import Any

from dbus_fast import Message

from cloche_engine.api.bus_link import Link, Request
from cloche_engine.api.errors import EngineError
from cloche_engine.api.names import MANAGER, ROOT_PATH
from cloche_engine.api.templates import Progress, Tell, Template, silent

PROGRESS = "JobProgress"


class BusTemplates:
    """Templates of the helper at the other end of a link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._jobs: dict[str, Tell] = {}

    async def all(self) -> list[Template]:
        """Every template, sorted by name."""
        reply = await self._link.call(Request(ROOT_PATH, MANAGER, "ListTemplates"))
        return list(map(template_from, reply.body[0]))

    async def add(self, name: str, source: int, tell: Tell = silent) -> Template:
        """Make one of a descriptor: a tar archive or a directory."""
        reply = await self._job("AddTemplate", "sh", (name, 0), tell, (source,))
        return template_from(reply.body[0])

    async def debootstrap(self, name: str, suite: str, tell: Tell = silent) -> Template:
        """Make one of a release of Debian or Ubuntu."""
        reply = await self._job("Debootstrap", "ss", (name, suite), tell)
        return template_from(reply.body[0])

    async def remove(self, name: str) -> None:
        """Remove one that no container is made from."""
        await self._link.call(Request(ROOT_PATH, MANAGER, "RemoveTemplate", "s", (name,)))

    def heard(self, message: Message) -> None:
        """A signal of the helper; those of our own jobs are told."""
        match message.member, message.signature, message.body:
            case "JobProgress", "stts", [job, done, total, words] if job in self._jobs:
                self._jobs[job](Progress(done, total, words))

    async def _job(
        self,
        member: str,
        signature: str,
        body: tuple[Any, ...],
        tell: Tell,
        descriptors: tuple[int, ...] = (),
    ) -> Message:
        job = uuid.uuid4().hex
        self._jobs[job] = tell
        request = Request(ROOT_PATH, MANAGER, member, f"s{signature}", (job, *body), descriptors)
        call = asyncio.ensure_future(self._link.call(request))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            with contextlib.suppress(EngineError):
                await self._link.call(Request(ROOT_PATH, MANAGER, "CancelJob", "s", (job,)))
            with contextlib.suppress(EngineError):
                made = (
                    await call
                )  # its end was on its way to us: nothing is to be left all the same
                await self.remove(template_from(made.body[0]).name)
            raise
        finally:
            del self._jobs[job]


def template_values(template: Template) -> tuple[Any, ...]:
    """A template as the bus carries it."""
    return (
        template.name, template.size, template.files, template.created, template.source,
        list(template.used_by),
    )  # fmt: skip


def template_from(values: Sequence[Any]) -> Template:
    """The template that these values show."""
    name, size, files, created, source, used_by = values
    return Template(name, size, files, created, source, tuple(used_by))
