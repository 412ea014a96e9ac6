"""The helper's end of the spawner: one small process, started once, replaced if it dies."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import cloche_engine
from cloche_engine.api.errors import EngineError
from cloche_engine.kernel.sockets import send_packet

# -S leaves site-packages out: the spawner stays small, and imports nothing but our own code.
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from cloche_engine.monitor.spawner import main; main()"
)


class Spawner:
    """Has monitors forked; `groups` is where the containers' control groups lie."""

    def __init__(self, groups: str) -> None:
        self._groups = groups
        self._link: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def warm_up(self) -> None:
        """Start it now, so that the first start need not wait."""
        async with self._lock:
            await self._ready_link()

    async def spawn(self, plan: str, link: socket.socket, listener: socket.socket) -> None:
        """Have a monitor take on a plan (JSON); `link` becomes its connection to us."""
        packet, sockets = plan.encode(), [link.fileno(), listener.fileno()]
        async with self._lock:
            try:
                send_packet(await self._ready_link(), packet, sockets)
            except OSError:
                await self._drop()
                send_packet(await self._ready_link(), packet, sockets)

    async def close(self) -> None:
        """End it; monitors go on."""
        async with self._lock:
            await self._drop()

    async def _ready_link(self) -> socket.socket:
        if self._link is not None and self._process and self._process.returncode is None:
            return self._link
        await self._drop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            folder = str(Path(cloche_engine.__file__).parent.parent)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", _PROGRAM, folder, str(theirs.fileno()),
                self._groups,
                pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        ours.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        if not await asyncio.get_running_loop().sock_recv(ours, 16):
            ours.close()
            raise EngineError(
                "the process that starts containers did not come up",
                "see the helper's log; libseccomp may be missing",
            )
        self._link = ours
        return ours

    async def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            await self._process.wait()
            self._process = None
