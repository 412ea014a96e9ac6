"""The helper's end of the spawner, and the spare monitor that it has ready for the next start."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import cloche_engine
from cloche_engine.api.errors import EngineError
from cloche_engine.host import cgroups
from cloche_engine.kernel.sockets import send_packet
from cloche_engine.monitor.protocol import INIT

# -S leaves site-packages out: the spawner stays small, and imports nothing but our own code.
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from cloche_engine.monitor.spawner import main; main()"
)


_QUIET = 0.03
"""Seconds after a start in which no spare is made, so as not to be in its way."""


@dataclass(frozen=True, slots=True)
class Spare:
    """A monitor that waits for a plan on its link; the folder of the run is ready."""

    link: socket.socket
    folder: Path

    @property
    def is_gone(self) -> bool:
        """Whether it died, or had to give up."""
        try:
            return not self.link.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def discard(self) -> None:
        """Take away what one that was killed left; its init died with it."""
        self.link.close()
        with contextlib.suppress(OSError, ValueError, KeyError):
            init = json.loads((self.folder / INIT).read_text())
            cgroups.Group(cgroups.detect(), init["group"]).remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def dismiss(self) -> None:
        """Let it go, and wait until it has."""
        with self.link:
            self.link.shutdown(socket.SHUT_WR)
            await asyncio.get_running_loop().sock_recv(self.link, 1)


class Spawner:
    """Keeps one spare monitor; `groups` is where its control groups lie, `runtime` its folder."""

    def __init__(self, groups: str, runtime: Path) -> None:
        self._groups = groups
        self._runtime = runtime
        self._link: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._next: asyncio.Task[Spare] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def warm_up(self) -> None:
        """Have a spare now, so that the first start need not wait."""
        self._order_next()
        if self._next is not None:
            await asyncio.wait([self._next])

    async def take(self) -> Spare:
        """The spare, or a fresh one where there is none alive; the next is made after a while."""
        waiting, self._next = self._next, None
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(_QUIET, self._order_next)
        if waiting is not None:
            spare = await waiting
            if not spare.is_gone:
                return spare
            spare.discard()
        return await self._ordered()

    def _order_next(self) -> None:
        if self._next is None:
            self._next = asyncio.ensure_future(self._ordered())

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def close(self) -> None:
        """End it and its spare; monitors with a container go on."""
        self._cancel_timer()
        waiting, self._next = self._next, None
        if waiting is not None:
            with contextlib.suppress(EngineError, OSError):
                await (await waiting).dismiss()
        async with self._lock:
            await self._drop()

    async def _ordered(self) -> Spare:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        with theirs:
            await self._order(theirs)
        try:
            packet = await asyncio.get_running_loop().sock_recv(ours, 4096)
        except BaseException:
            ours.close()
            raise
        if not packet:
            ours.close()
            raise EngineError(
                "the process that waits for the next start died", "see the helper's log"
            )
        return Spare(ours, self._runtime / json.loads(packet)["spare"])

    async def _order(self, theirs: socket.socket) -> None:
        async with self._lock:
            try:
                send_packet(await self._ready_link(), b"spare", [theirs.fileno()])
            except OSError:
                await self._drop()
                send_packet(await self._ready_link(), b"spare", [theirs.fileno()])

    async def _ready_link(self) -> socket.socket:
        if self._link is not None and self._process and self._process.returncode is None:
            return self._link
        await self._drop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            folder = str(Path(cloche_engine.__file__).parent.parent)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", _PROGRAM, folder, str(theirs.fileno()),
                self._groups, str(self._runtime),
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
