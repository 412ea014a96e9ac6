"""The process that unpacks an archive, as the helper sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import cloche_engine
from cloche_engine.api.errors import EngineError, InvalidArgumentError
from cloche_engine.api.templates import Progress, Tell
from cloche_engine.api.unpacking import Quota
from cloche_engine.core.templates.producers import DIRECTORY, Stream

_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from cloche_engine.host.storage.unpack import main; main()"
)
_PACKET = 65536


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What an archive became; left_out are device nodes and the like."""

    files: int
    size: int
    left_out: int


async def unpack(stream: Stream, tree: Path, id_base: int, quota: Quota, tell: Tell) -> Unpacked:
    """Unpack what comes through a stream into a folder; InvalidArgumentError says why it cannot.

    Its process ends with this call, also where that is cancelled.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    target = os.open(tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    numbers = (theirs.fileno(), stream.source, target, id_base, *astuple(quota))
    with ours:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", _PROGRAM,
                str(Path(cloche_engine.__file__).parent.parent), *map(str, numbers),
                pass_fds=numbers[:3], stdin=asyncio.subprocess.DEVNULL, env={"LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        finally:
            theirs.close()
            os.close(target)
            stream.let_go()
        try:
            end = await _followed(ours, stream, tell)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    if end.get("torn"):
        await stream.check()
    return _outcome(end, stream.words)


async def _followed(link: socket.socket, stream: Stream, tell: Tell) -> dict[str, Any]:
    """Pass on how far it is; its last word, empty where it died without one."""
    link.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
    loop = asyncio.get_running_loop()
    while packet := await loop.sock_recv(link, _PACKET):
        fields: dict[str, Any] = json.loads(packet)
        if fields.get("end"):
            return fields
        total = max(stream.size, fields["read"]) if stream.size else 0
        tell(Progress(fields["read"], total, f"unpacking, {fields['files']} files"))
    return {}


def _outcome(end: dict[str, Any], source: str) -> Unpacked:
    if not end:
        raise EngineError(
            "the process that unpacks the archive died",
            "the system may be short of memory; the helper's log may say more",
        )
    if "error" in end:
        refused = "the archive cannot be unpacked"
        if source == DIRECTORY:
            refused = "the directory cannot be copied"
        raise InvalidArgumentError(f"{refused}: {end['error']}", end["hint"])
    return Unpacked(end["files"], end["size"], end["left_out"])
