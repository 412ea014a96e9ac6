"""Templates in memory: archives are read and counted, and nothing of them is kept."""

from __future__ import annotations

import asyncio
import os
import stat
import tarfile
import time
from collections.abc import Callable

from cloche_engine.api.errors import InvalidArgumentError
from cloche_engine.api.template_errors import (
    check_suite,
    check_template_name,
    missing_template,
    template_in_use,
    template_taken,
)
from cloche_engine.api.templates import Progress, Tell, Template, silent

_STEPS, _STEP = 20, 0.1


class FakeTemplates:
    """Templates of the engine in memory; `users` tells which containers use a template."""

    def __init__(self, users: Callable[[str], tuple[str, ...]]) -> None:
        self._users = users
        self._kept: dict[str, Template] = {}

    async def all(self) -> list[Template]:
        """Every template, sorted by name."""
        return [self._seen(self._kept[name]) for name in sorted(self._kept)]

    async def add(self, name: str, source: int, tell: Tell = silent) -> Template:
        """Count what an archive or a directory holds."""
        self._check_free(name)
        tell(Progress(0, os.fstat(source).st_size, "unpacking"))
        counted = await asyncio.to_thread(_count, os.dup(source))
        return self._keep(name, *counted, "an archive or a directory")

    async def debootstrap(self, name: str, suite: str, tell: Tell = silent) -> Template:
        """Take two seconds."""
        self._check_free(name)
        check_suite(suite)
        for step in range(_STEPS):
            tell(Progress(step, _STEPS, f"I: unpacking {suite}"))
            await asyncio.sleep(_STEP)
        return self._keep(name, 9000, 300 << 20, suite)

    async def remove(self, name: str) -> None:
        """Remove one that no container is made from."""
        if name not in self._kept:
            raise missing_template(name)
        if users := self._users(name):
            raise template_in_use(name, users)
        del self._kept[name]

    def _keep(self, name: str, files: int, size: int, source: str) -> Template:
        self._check_free(name)
        template = self._kept[name] = Template(name, size, files, time.time(), source)
        return self._seen(template)

    def _seen(self, template: Template) -> Template:
        return Template(
            template.name, template.size, template.files, template.created, template.source,
            self._users(template.name),
        )  # fmt: skip

    def _check_free(self, name: str) -> None:
        check_template_name(name)
        if name in self._kept:
            raise template_taken(name)


def _count(source: int) -> tuple[int, int]:
    """Files and bytes of an archive or a directory."""
    try:
        if stat.S_ISDIR(os.fstat(source).st_mode):
            found = [len(folders) + len(files) for _, folders, files, _ in os.fwalk(dir_fd=source)]
            return sum(found), 0
        with (
            os.fdopen(os.dup(source), "rb") as file,
            tarfile.open(fileobj=file, mode="r|*") as archive,
        ):
            sizes = [member.size for member in archive]
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise InvalidArgumentError(
            f"the archive cannot be unpacked: it cannot be read as a tar archive: {error}",
            "give a whole archive, plain or packed by gzip, bzip2 or xz",
        ) from error
    finally:
        os.close(source)
    return len(sizes), sum(sizes)
