"""The helper's end of the spawner, and the spare monitors that it has ready for the next starts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cloche_engine
from cloche_engine.api.errors import EngineError
from cloche_engine.core.held_up import HeldUpError, unless_stopped
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.host.cgroups.unit import forget_monitors
from cloche_engine.kernel.sockets import send_packet
from cloche_engine.monitor.launch import remove_group
from cloche_engine.monitor.protocol import PREPARE, PREPARE_LINKED, SPARE, Order, group_name
from cloche_engine.sandbox.plan.rights import ORDINARY, Rights

# -S leaves site-packages out: the spawner stays small, and imports nothing but our own code. What
# a collection would free lies scattered: monitors would fill and so copy page after page there.
_PROGRAM = (
    "import gc, sys; gc.disable(); sys.path.insert(0, sys.argv.pop(1)); "
    "from cloche_engine.monitor.spawner import main; main()"
)


_GOODBYE = 3.0
"""Seconds in which monitors of containers that ended let go of their viewers."""
_QUIET = 0.03
"""Seconds after a start, and between two spares, so as not to be in the way of another."""
_BUSY = 0.3
"""The same while starts are under way, in which they are over if nothing holds them up."""


@dataclass(frozen=True, slots=True)
class Spare:
    """A monitor that waits for a plan on its link; the folder of the run is ready."""

    link: socket.socket
    folder: Path
    group: str
    pid: int = 0
    ready: bool = False
    """Whether all was made that it needs; where not, its start says why."""

    @property
    def is_gone(self) -> bool:
        """Whether it died, also where one of its helpers still holds the link."""
        try:
            pidfd = os.pidfd_open(self.pid)
        except OSError:
            return True
        try:
            ended = select.poll()  # select(2) knows no descriptor above 1023
            ended.register(pidfd, select.POLLIN)
            return bool(ended.poll(0))
        finally:
            os.close(pidfd)

    async def prepare(self, plan: str, *, linked: bool) -> bool:
        """Have it go as far into a start as nobody notices, and wait; whether it could."""
        kind = PREPARE_LINKED if linked else PREPARE
        try:
            send_packet(self.link, kind + plan.encode())
        except (BrokenPipeError, ConnectionResetError):
            return False
        word = asyncio.get_running_loop().sock_recv(self.link, 4096)
        try:
            packet = await unless_stopped(word, lambda: self.pid)
        except HeldUpError:
            packet = b""
        return bool(packet) and bool(json.loads(packet)["ready"])

    async def discard(self) -> None:
        """Take away what one that was killed left; its init dies with it."""
        self.link.close()
        with contextlib.suppress(OSError):
            await asyncio.to_thread(remove_group, Group(detect(), self.group))
        shutil.rmtree(self.folder, ignore_errors=True)

    async def dismiss(self) -> None:
        """Let it go, and wait until it has."""
        if self.is_gone:
            await self.discard()
            return
        with self.link:
            self.link.shutdown(socket.SHUT_WR)
            goodbye = asyncio.get_running_loop().sock_recv(self.link, 1)
            try:
                await unless_stopped(goodbye, lambda: self.pid)
            except HeldUpError:
                os.kill(self.pid, signal.SIGKILL)
                await self.discard()


def _nothing() -> None:
    """What is done at rest while nobody said what."""


class Spawner:
    """Keeps `spares` monitors ready; `groups` is where their groups lie, `runtime` their folder."""

    def __init__(self, groups: str, runtime: Path, spares: int) -> None:
        self._groups = groups
        self._runtime = runtime
        self.wanted = spares
        self._rest: Callable[[], None] = _nothing
        self._link: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._ready: deque[Spare] = deque()
        self._next: asyncio.Task[Spare] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._under_way = 0

    async def warm_up(self) -> None:
        """Have a spare now, so that the first start need not wait."""
        self._order_next()
        if not self._ready and self._next is not None:
            await asyncio.wait([self._next])

    def warm_up_soon(self) -> None:
        """Have all spares soon."""
        self._order_later()

    def on_rest(self, call: Callable[[], None]) -> None:
        """Call this whenever all spares are there and nothing has been asked for a while."""
        self._rest = call

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """The time of a start, in which no spares are made unless they are wanted."""
        self._under_way += 1
        self._order_later()
        try:
            yield
        finally:
            self._under_way -= 1
            self._order_later()

    async def set_aside(self) -> Spare:
        """A spare for one that is not to be started yet; another is made in its place."""
        try:
            return await self._alive()
        finally:
            self._order_later()

    async def take(self, rights: Rights = ORDINARY, joined: Sequence[int] = ()) -> Spare:
        """A spare, or a fresh one where there is none alive.

        None that waits can become a container whose rights are not ordinary. joined are descriptors
        of what is another's, in the order of the kinds in rights.
        """
        if not rights.is_ordinary:
            return await self._ordered(rights, joined, at_once=True)
        try:
            return await self._alive()
        finally:
            if not self._ready and self.wanted > 1 and self._under_way == 1:
                self._order_next(at_once=True)  # many come one after another

    async def _alive(self) -> Spare:
        while self._ready:
            spare = self._ready.popleft()
            if not spare.is_gone:
                return spare
            await spare.discard()
        waiting, self._next = self._next, None
        return await (waiting or self._ordered(at_once=True))

    def _order_later(self) -> None:
        self._cancel_timer()
        seconds = _BUSY if self._under_way else _QUIET
        self._timer = asyncio.get_running_loop().call_later(seconds, self._order_next)

    def _order_next(self, *, at_once: bool = False) -> None:
        if self._next is None and len(self._ready) < self.wanted:
            self._next = asyncio.ensure_future(self._ordered(at_once=at_once))
            self._next.add_done_callback(self._came)
        elif self._next is None and not self._under_way:
            self._rest()

    def _came(self, made: asyncio.Task[Spare]) -> None:
        """Keep a spare that nobody took while it was made; the next start tells of a failure."""
        if self._next is not made:
            return
        self._next = None
        if made.cancelled() or made.exception() is not None:
            return
        if made.result().ready:
            self._ready.append(made.result())
            self._order_later()
        else:
            made.result().link.close()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def close(self, *, is_last: bool) -> None:
        """End it and its spares; monitors with a container go on, is_last where there are none."""
        self._cancel_timer()
        self.wanted = 0
        waiting, self._next = self._next, None
        if waiting is not None:
            with contextlib.suppress(EngineError, OSError):
                self._ready.append(await waiting)
        dismissed = [spare.dismiss() for spare in self._ready]
        self._ready.clear()
        await asyncio.gather(*dismissed, return_exceptions=True)
        async with self._lock:
            await self._drop()
        await asyncio.to_thread(
            forget_monitors, detect(), self._groups, _GOODBYE if is_last else 0.0
        )

    async def _ordered(
        self, rights: Rights = ORDINARY, joined: Sequence[int] = (), *, at_once: bool = False
    ) -> Spare:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        folder = self._runtime / f"{SPARE}{os.getpid():x}-{time.monotonic_ns():x}"
        spare = Spare(ours, folder, group_name(self._groups, folder.name))
        try:
            with theirs:
                unusual = "" if rights.is_ordinary else rights.to_json()
                order = Order(folder.name, unusual, at_once).packed()
                await self._order(order, [theirs.fileno(), *joined])
            word = asyncio.get_running_loop().sock_recv(ours, 4096)
            packet = await unless_stopped(word, lambda: self._process.pid if self._process else 0)
        except BaseException:
            ours.close()
            raise
        if not packet:
            await spare.discard()
            raise EngineError(
                "the process that waits for the next start died", "see the helper's log"
            )
        word = json.loads(packet)
        return replace(spare, pid=word["pid"], ready=word["ready"])

    async def _order(self, what: bytes, descriptors: list[int]) -> None:
        async with self._lock:
            try:
                send_packet(await self._ready_link(), what, descriptors)
            except OSError:
                await self._drop()
                send_packet(await self._ready_link(), what, descriptors)

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
        process, self._process = self._process, None
        if process is not None:
            try:
                await unless_stopped(process.wait(), lambda: process.pid)
            except HeldUpError:
                process.kill()
                await process.wait()
