"""Lets die of want of memory what the kernel would only slow down (memory.high of v2)."""

from __future__ import annotations

import contextlib
import os
import select

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.usage import memory_in_use
from cloche_engine.kernel import files
from cloche_engine.monitor.loop import Loop
from cloche_engine.sandbox.plan.limits import Limits

_BREATH, _LATER = 0.2, 10.0
_MOST, _LITTLE = 95, 85
"""Percent of the soft limit from which it is lifted, and below which it is set again."""


def may_be_slowed(group: Group, limits: Limits) -> bool:
    """Whether there is a soft limit that nobody asked for; one that was asked for stays."""
    tree = group.layout.with_controller("memory")
    has_one = tree is not None and tree.version > 1 and limits.memory
    return bool(has_one and not limits.memory_soft)


class Relief:
    """Lifts the soft limit that nobody asked for while nothing can be taken back below it.

    Above memory.high a process sleeps up to 2 s for every 256 KiB that it takes, so that others
    can make room. Where no page cache is left nobody can: one that outgrew 256 MiB lived on for
    more than 20 s (mem_cgroup_handle_over_high in mm/memcontrol.c).
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._events = -1
        self._high = 0
        self._lifted = False

    def begin(self, group: Group) -> None:
        """Look after one that may be slowed."""
        self.end()
        self._group = group
        with contextlib.suppress(OSError, ValueError):
            self._high = int(files.read(self._file("memory.high")))
            self._events = os.open(self._file("memory.events"), os.O_RDONLY | os.O_CLOEXEC)
            self._loop.watch(self._events, select.EPOLLPRI, self._slowed_down)

    def end(self) -> None:
        """Look no more."""
        if self._events >= 0:
            self._loop.forget(self._events)
            os.close(self._events)
        self._events, self._high, self._lifted = -1, 0, False

    def _file(self, name: str) -> str:
        return f"{self._group.folder('memory')}/{name}"

    def _slowed_down(self, _: int) -> None:
        try:
            os.pread(self._events, 4096, 0)  # without that it would be told again at once
        except OSError:
            self.end()
            return
        if not self._lifted and self._fills(_MOST):
            self._set("max", lifted=True)
            self._loop.later(_LATER, self._calmed_down)
        self._loop.change(self._events, 0)
        self._loop.later(_BREATH, self._listen)

    def _listen(self) -> None:
        if self._events >= 0:
            self._loop.change(self._events, select.EPOLLPRI)

    def _calmed_down(self) -> None:
        if not self._lifted:
            return
        if self._fills(_LITTLE):
            self._loop.later(_LATER, self._calmed_down)
        else:
            self._set(str(self._high), lifted=False)

    def _fills(self, percent: int) -> bool:
        return memory_in_use(self._group) * 100 > self._high * percent

    def _set(self, text: str, *, lifted: bool) -> None:
        with contextlib.suppress(OSError):
            files.write(self._file("memory.high"), text, os.O_WRONLY | os.O_CLOEXEC)
            self._lifted = lifted
