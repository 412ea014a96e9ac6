"""Files copied into and out of running containers, by a process of their own."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import cloche_engine
from cloche_engine.api.errors import (
    EngineError,
    InvalidArgumentError,
    NotFoundError,
    WrongStateError,
)
from cloche_engine.api.model import Copied
from cloche_engine.core.entry import Entry
from cloche_engine.core.lifecycle import Lifecycle
from cloche_engine.monitor.protocol import Do

_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from cloche_engine.host.storage.copying import main; main()"
)
_PACKET = 65536
_LONGEST = 4096


class Copies:
    """Copies as tar streams through a pipe of the caller's."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle

    async def copy(self, entry: Entry, direction: str, path: str, pipe: int) -> Copied:
        """Direction is in or out; NotFoundError where there is no such path inside."""
        _check(path, pipe)
        _, (init,) = await self._lifecycle.ask(entry, {"do": Do.INIT})
        try:
            if entry.running is None:
                raise WrongStateError(f"{entry.name!r} ended just now", "start it first")
            namespaces = entry.running.plan.rights.entered
            end = await _run((direction, path), (pipe, init), namespaces)
        finally:
            os.close(init)
        return _outcome(end, entry, path, direction)


def _check(path: str, pipe: int) -> None:
    if not path.startswith("/") or "\0" in path or len(path) > _LONGEST:
        raise InvalidArgumentError(
            f"{path[:80]!r} is no absolute path of the container", "write it as /etc/hosts"
        )
    if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
        raise InvalidArgumentError(
            "only a pipe may be handed to a copy", "make a pipe and copy through it"
        )


async def _run(
    words: tuple[str, str], descriptors: tuple[int, int], namespaces: int
) -> dict[str, Any]:
    """The last word of the process that copies; it ends with this call."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    passed = (theirs.fileno(), *descriptors)
    with ours:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", _PROGRAM,
                str(Path(cloche_engine.__file__).parent.parent), *words,
                *map(str, (*passed, namespaces)), pass_fds=passed,
                stdin=asyncio.subprocess.DEVNULL, env={"LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        finally:
            theirs.close()
        try:
            return await _last_word(ours)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())


async def _last_word(link: socket.socket) -> dict[str, Any]:
    link.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
    while packet := await asyncio.get_running_loop().sock_recv(link, _PACKET):
        fields: dict[str, Any] = json.loads(packet)
        if fields.get("end"):
            return fields
    return {}


def _outcome(end: dict[str, Any], entry: Entry, path: str, direction: str) -> Copied:
    if "files" in end:
        return Copied(end["files"], end["size"], end["left_out"])
    if end.get("errno") in {errno.ENOENT, errno.ENOTDIR}:
        if direction == "in":  # only the last name may be a new one
            above = Path(os.path.normpath(path)).parent
            raise NotFoundError(
                f"the directory {above} does not exist in {entry.name}",
                f"make it first, or copy into one that is there, not to {path}",
            )
        raise NotFoundError(
            f"{path} does not exist in {entry.name}", "name a path as the container sees it"
        )
    text = end.get("error", "the process that copies died")
    place = f"{path} of {entry.name}"
    into = direction == "in"
    refused = f"nothing can be copied to {place}" if into else f"{place} cannot be copied"
    raise EngineError(f"{refused}: {text}", end.get("hint") or "try another path")
