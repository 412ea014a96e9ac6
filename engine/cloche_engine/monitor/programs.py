"""Further programs of a container: on their way in, while they run, and when they have ended."""

from __future__ import annotations

import errno
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cloche_engine.api.console import Ended, Size
from cloche_engine.host.cgroups.usage import oom_kills
from cloche_engine.monitor.enter import Entrance, Request, only_pipes
from cloche_engine.monitor.entering import Entering, broken_off
from cloche_engine.monitor.launch import LaunchFailedError
from cloche_engine.monitor.launched import Launched
from cloche_engine.monitor.loop import READ, Loop
from cloche_engine.monitor.protocol import Fields
from cloche_engine.monitor.record import ending_of
from cloche_engine.monitor.ring import PROGRAM_CAPACITY, Ring
from cloche_engine.monitor.session import Session
from cloche_engine.sandbox.seccomp import Filters

_LOOK = 0.25
"""Seconds after which one that is still on its way is looked at, again and again."""
_LONGEST = 30.0
"""Seconds that the way in may take."""

_KILLED = 128 + signal.SIGKILL

Answer = Callable[[socket.socket, Fields], None]


@dataclass(slots=True)
class _Visit:
    """One who enters, and who is to hear of it."""

    entering: Entering
    asker: socket.socket
    size: Size | None
    begun: float = field(default_factory=time.monotonic)


class Programs:
    """Those of one container; `answer` tells whoever asked for one, and hangs up where it cannot.

    The monitor never waits for one that enters: processes of the container can stop it.
    """

    def __init__(self, loop: Loop, launched: Launched, filters: Filters, answer: Answer) -> None:
        self._loop = loop
        self._launched = launched
        self._filters = filters
        self._answer = answer
        self._visits: list[_Visit] = []
        self._sessions: dict[Session, int] = {}
        """With how many processes of the container had been killed for memory before."""

    def begin(self, request: Request, size: Size, asked: tuple[socket.socket, list[int]]) -> None:
        """Have one enter; whoever asked, a socket and three pipes, is answered when it has."""
        asker, streams = asked
        if not request.terminal and not only_pipes(streams):
            raise OSError(errno.EINVAL, "the three streams must be pipes")
        if self._launched.paused:  # it would be born frozen
            raise OSError(errno.EAGAIN, "the container is paused")
        child = self._launched.child
        entrance = Entrance(self._launched.plan, child.pidfd, child.group, self._filters)
        visit = _Visit(entrance.begin(request, streams), asker, size if request.terminal else None)
        self._visits.append(visit)
        self._loop.forget(asker.fileno())
        self._loop.watch(visit.entering.link.fileno(), READ, lambda _: self._spoke(visit))
        self._loop.later(_LOOK, lambda: self._look(visit))

    def end(self) -> None:
        """The container has ended, and they with it: tell everyone."""
        for visit in list(self._visits):
            self._fail(visit, broken_off())
        for session in list(self._sessions):
            self._ended(session)

    def _spoke(self, visit: _Visit) -> None:
        try:
            if not visit.entering.hear():
                return
        except LaunchFailedError as failure:
            self._fail(visit, failure)
            return
        self._forget(visit)
        visit.entering.link.close()
        self._answer(visit.asker, {"ok": True})
        self._serve(visit)

    def _serve(self, visit: _Visit) -> None:
        """Where whoever asked has gone meanwhile, nobody knows of the program: it ends."""
        entered = visit.entering
        ring = Ring(PROGRAM_CAPACITY)
        session = Session(self._loop, entered.pidfd, entered.console, ring=ring)
        self._sessions[session] = self._killed_for_memory()
        self._loop.watch(entered.pidfd, READ, lambda _: self._ended(session))
        if visit.asker.fileno() < 0:
            signal.pidfd_send_signal(entered.pidfd, signal.SIGKILL)
        else:
            session.attach(visit.asker, visit.size)

    def _look(self, visit: _Visit) -> None:
        if visit not in self._visits:
            return
        try:
            visit.entering.demand_progress()
            if time.monotonic() - visit.begun > _LONGEST:
                visit.entering.demand_end()
        except LaunchFailedError as failure:
            self._fail(visit, failure)
        else:
            self._loop.later(_LOOK, lambda: self._look(visit))

    def _fail(self, visit: _Visit, failure: LaunchFailedError) -> None:
        self._forget(visit)
        visit.entering.kill()
        pidfd = visit.entering.pidfd
        if pidfd >= 0:
            self._loop.watch(pidfd, READ, lambda _: self._bury(pidfd))
        self._answer(visit.asker, {"error": failure.fields})
        if visit.asker.fileno() >= 0:
            visit.asker.close()

    def _forget(self, visit: _Visit) -> None:
        self._visits.remove(visit)
        self._loop.forget(visit.entering.link.fileno())

    def _ended(self, session: Session) -> None:
        before = self._sessions.pop(session)
        ending = ending_of(self._reap(session.pidfd))
        killed = ending.code == _KILLED and self._killed_for_memory() > before
        session.end(Ended(ending.code, out_of_memory=killed))

    def _killed_for_memory(self) -> int:
        return oom_kills(self._launched.child.group)

    def _bury(self, pidfd: int) -> None:
        """Nobody is to hear how it ended."""
        self._reap(pidfd)

    def _reap(self, pidfd: int) -> os.waitid_result:
        self._loop.forget(pidfd)
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        os.close(pidfd)
        assert result is not None  # noqa: S101 (without WNOHANG there is always one)
        return result
