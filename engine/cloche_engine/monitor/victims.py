"""Whom the kernel killed for want of memory: programs that the init outlived, or itself."""

from __future__ import annotations

import contextlib
import os
import select

from cloche_engine.api.hearing import is_dying
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.usage import oom_kills
from cloche_engine.kernel import files
from cloche_engine.monitor.launched import Launched
from cloche_engine.monitor.loop import READ, Loop

_BREATH = 0.1
"""Seconds from the news to the kill, which v1 tells of beforehand, and from the count to the
signal, which comes after it (__oom_kill_process in mm/oom_kill.c)."""
_LONGEST = 3.0


class Victims:
    """Counts the kills that the init has outlived: `outlived`.

    The counter of a group does not say who was killed, nor does the status of an init that was.
    """

    def __init__(self, loop: Loop, launched: Launched) -> None:
        self._loop = loop
        self._launched = launched
        self._news = -1
        self._events = 0
        self.outlived = 0

    def begin(self) -> None:
        """Listen; where the host has no such news nothing counts as outlived."""
        with contextlib.suppress(OSError):
            self._news, self._events = _open_news(self._launched.child.group)
            self._loop.watch(self._news, self._events, self._told)

    def end(self) -> None:
        """Listen no more."""
        if self._news >= 0:
            self._loop.forget(self._news)
            os.close(self._news)
        self._news = -1

    def _told(self, _: int) -> None:
        self._loop.change(self._news, 0)
        with contextlib.suppress(OSError):  # its group is gone
            _hear(self._news, self._events)
        self._loop.later(_BREATH, lambda: self._count(_BREATH))

    def _count(self, waited: float) -> None:
        if self._news < 0:
            return
        kills = oom_kills(self._launched.child.group)
        if kills > self.outlived:
            self._loop.later(_BREATH, lambda: self._survived(kills))
        elif waited < _LONGEST and self._events == READ:
            self._loop.later(waited, lambda: self._count(2 * waited))
        else:
            self._listen()

    def _survived(self, kills: int) -> None:
        if self._news >= 0:
            if not is_dying(self._launched.child.pid):
                self.outlived = kills
            self._listen()

    def _listen(self) -> None:
        self._loop.change(self._news, self._events)


def _open_news(group: Group) -> tuple[int, int]:
    """What can be polled when something of a group may be killed, and for which events."""
    folder = group.folder("memory")
    tree = group.layout.with_controller("memory")
    if folder is None or tree is None:
        raise FileNotFoundError("memory")
    if tree.version > 1:
        news = os.open(f"{folder}/memory.events", os.O_RDONLY | os.O_CLOEXEC)
        _hear(news, select.EPOLLPRI)
        return news, select.EPOLLPRI
    news = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    control = -1
    try:
        control = os.open(f"{folder}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
        files.write(f"{folder}/cgroup.event_control", f"{news} {control}", os.O_WRONLY)
    except OSError:
        os.close(news)
        raise
    finally:
        if control >= 0:
            os.close(control)
    return news, READ


def _hear(news: int, events: int) -> None:
    """Take note of it, or it would be told again at once."""
    if events == READ:
        os.eventfd_read(news)
    else:
        os.pread(news, 4096, 0)
