"""The programs that run in a container beside its first one."""

from __future__ import annotations

import errno
import os

from cloche_engine.api.console import Ended
from cloche_engine.monitor.enter import Entrance, Request, only_pipes
from cloche_engine.monitor.launch import LaunchFailedError
from cloche_engine.monitor.launched import Launched
from cloche_engine.monitor.loop import READ, Loop
from cloche_engine.monitor.protocol import Fields
from cloche_engine.monitor.record import ending_of
from cloche_engine.monitor.requests import refusal
from cloche_engine.monitor.ring import PROGRAM_CAPACITY, Ring
from cloche_engine.monitor.session import Session
from cloche_engine.sandbox.seccomp import Filters


class Programs:
    """Lets programs enter, serves who looks at them, and tells how they ended."""

    def __init__(self, loop: Loop, launched: Launched, filters: Filters) -> None:
        self._loop = loop
        self._launched = launched
        self._filters = filters
        self._running: list[Session] = []

    def enter(self, request: Request, streams: list[int]) -> tuple[Fields, Session | None]:
        """Run one: what to answer, and where to look at it if it runs."""
        try:
            return {"ok": True}, self._enter(request, streams)
        except (OSError, LaunchFailedError) as refused:
            return {"error": refusal(refused)}, None

    def _enter(self, request: Request, streams: list[int]) -> Session:
        if not request.terminal and not only_pipes(streams):
            raise OSError(errno.EINVAL, "the three streams must be pipes")
        if self._launched.paused:  # it would be born frozen, and this would wait for it
            raise OSError(errno.EAGAIN, "the container is paused")
        child = self._launched.child
        entrance = Entrance(self._launched.plan, child.pidfd, child.group, self._filters)
        entered = entrance.enter(request, streams)
        ring = Ring(PROGRAM_CAPACITY)
        session = Session(self._loop, entered.pidfd, entered.console, ring=ring)
        self._running.append(session)
        self._loop.watch(entered.pidfd, READ, lambda _: self._ended(session))
        return session

    def end(self) -> None:
        """The container is gone, and they with it: tell everyone."""
        for session in list(self._running):
            self._ended(session)

    def _ended(self, session: Session) -> None:
        self._loop.forget(session.pidfd)
        status = os.waitid(os.P_PIDFD, session.pidfd, os.WEXITED)
        os.close(session.pidfd)
        self._running.remove(session)
        if status is not None:
            session.end(Ended(ending_of(status).code))
