"""The templates of this host: each in a folder of its name, whole or not there at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.api.template_errors import (
    check_template_name,
    missing_template,
    template_in_use,
    template_taken,
)
from cloche_engine.api.templates import Tell, Template, silent
from cloche_engine.api.unpacking import Quota
from cloche_engine.core.places import Places
from cloche_engine.core.templates.producers import Stream, debootstrapped, in_thread, opened
from cloche_engine.core.templates.unpacking import Unpacked, unpack
from cloche_engine.host.ids import IdBlocks
from cloche_engine.host.saving import saved_in

_FACTS = "template.json"
_MOST_BYTES, _MOST_FILES = 64 << 30, 2_000_000
Users = Callable[[str], tuple[str, ...]]
"""The names of the containers that are made from a template."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A template that is being made: its folder, where tools may put what they need, its tree."""

    folder: Path

    @property
    def tree(self) -> Path:
        return self.folder / "root"

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"


class TemplateStore:
    """See api.templates for the methods; `quota` overrides what the disk allows."""

    def __init__(
        self, places: Places, ids: IdBlocks, users: Users, quota: Quota | None = None
    ) -> None:
        self._places = places
        self._ids = ids
        self._users = users
        self.quota = quota
        self._making: set[str] = set()

    async def all(self) -> list[Template]:
        """Every template, sorted by name."""
        return await asyncio.to_thread(self._all)

    def _all(self) -> list[Template]:
        parents = sorted(tree.parent for tree in self._places.templates.glob("[!.]*/root"))
        return [self._read(parent) for parent in parents]

    def _read(self, folder: Path) -> Template:
        try:
            facts = json.loads((folder / _FACTS).read_text())
        except (OSError, ValueError):  # laid there by hand
            facts = {}
        return Template(
            folder.name, facts.get("size", 0), facts.get("files", 0), facts.get("created", 0.0),
            facts.get("source", ""), self._users(folder.name),
        )  # fmt: skip

    async def add(self, name: str, source: int, tell: Tell = silent) -> Template:
        """Make one of a descriptor: a tar archive, packed or plain, or a directory."""
        async with self._draft(name) as draft, opened(source) as stream:
            return await self._fill(name, draft, stream, tell)

    async def debootstrap(self, name: str, suite: str, tell: Tell = silent) -> Template:
        """Make one of a release of Debian or Ubuntu, from the host's own package sources."""
        async with (
            self._draft(name) as draft,
            debootstrapped(suite, draft.scratch, tell) as stream,
        ):
            return await self._fill(name, draft, stream, tell)

    async def remove(self, name: str) -> None:
        """Remove one; WrongStateError where a container is made from it."""
        folder = self._places.templates / name
        check_template_name(name)
        if not folder.is_dir():
            raise missing_template(name)
        if users := self._users(name):
            raise template_in_use(name, users)
        doomed = folder.with_name(f".{uuid.uuid4().hex}")
        folder.rename(doomed)
        await asyncio.to_thread(shutil.rmtree, doomed)

    def sweep(self) -> None:
        """Remove what jobs left that were cut short."""
        for each in self._places.templates.glob(".*"):
            shutil.rmtree(each)

    @contextlib.asynccontextmanager
    async def _draft(self, name: str) -> AsyncIterator[_Draft]:
        check_template_name(name)
        if name in self._making or (self._places.templates / name).exists():
            raise template_taken(name)
        self._making.add(name)
        draft = _Draft(self._places.templates / f".{uuid.uuid4().hex}")
        try:
            _make_folders(draft)
            yield draft
        finally:
            self._making.discard(name)
            if draft.folder.exists():
                await asyncio.shield(asyncio.to_thread(shutil.rmtree, draft.folder))

    async def _fill(self, name: str, draft: _Draft, stream: Stream, tell: Tell) -> Template:
        key = f"template {name}"
        try:
            base = self._ids.block_for(key)
            made = await unpack(stream, draft.tree, base, self.quota or _room(draft.tree), tell)
        finally:
            self._ids.give_back(key)
        await stream.check()
        await in_thread(self._complete, draft, made, stream.words)
        return self._keep(name, draft)

    def _complete(self, draft: _Draft, made: Unpacked, source: str) -> None:
        facts = {"size": made.size, "files": made.files, "created": time.time(), "source": source}
        with saved_in(draft.folder.parent, "the template"):
            (draft.folder / _FACTS).write_text(json.dumps(facts))
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(draft.scratch)

    def _keep(self, name: str, draft: _Draft) -> Template:
        """Give it its name, last and at once: whoever cancels comes before that or too late."""
        try:
            draft.folder.rename(self._places.templates / name)
        except OSError:
            raise template_taken(name) from None
        return self._read(self._places.templates / name)


def _make_folders(draft: _Draft) -> None:
    try:
        draft.folder.parent.mkdir(mode=0o700, exist_ok=True)
        draft.folder.mkdir(mode=0o700)
        draft.tree.mkdir(mode=0o755)
        draft.scratch.mkdir(mode=0o700)
    except OSError as error:
        raise EngineError(
            f"no folder for the template can be made: {error.strerror}",
            "free some space where the engine keeps its state",
        ) from error


def _room(tree: Path) -> Quota:
    """Nine tenths of what is free, and never without end."""
    found = os.statvfs(tree)
    free = found.f_bavail * found.f_frsize
    size = free * 9 // 10
    files = min(_MOST_FILES, found.f_favail * 9 // 10) if found.f_files else _MOST_FILES
    return Quota(size, files, free) if size < _MOST_BYTES else Quota(_MOST_BYTES, files)
