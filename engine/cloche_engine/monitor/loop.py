"""A small event loop: descriptors, and things to do a little later."""

from __future__ import annotations

import heapq
import select
import time
from collections.abc import Callable

READ = select.EPOLLIN
WRITE = select.EPOLLOUT


class Loop:
    """Calls back when a descriptor is ready; asyncio would cost a monitor six times the memory."""

    def __init__(self) -> None:
        self._watched: dict[int, tuple[int, Callable[[int], None]]] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._stopped = False

    def open(self) -> None:
        """To be called before anything is watched, in the process that will: a fork shares it."""
        self._epoll = select.epoll()

    def close(self) -> None:
        """Watch nothing any more."""
        self._epoll.close()

    def watch(self, descriptor: int, events: int, ready: Callable[[int], None]) -> None:
        """Call `ready` with the events that came; errors and hang-ups always come."""
        self._watched[descriptor] = (events, ready)
        self._epoll.register(descriptor, events)

    def change(self, descriptor: int, events: int) -> None:
        """Wait for other events; with 0 the descriptor rests, hang-ups included."""
        known = self._watched.get(descriptor)
        if known is None or known[0] == events:
            return
        self._watched[descriptor] = (events, known[1])
        if not events:
            self._epoll.unregister(descriptor)
        elif not known[0]:
            self._epoll.register(descriptor, events)
        else:
            self._epoll.modify(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Wait for it no more; to be called before it is closed."""
        known = self._watched.pop(descriptor, None)
        if known is not None and known[0]:
            self._epoll.unregister(descriptor)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a time."""
        self._count += 1
        heapq.heappush(self._later, (time.monotonic() + seconds, self._count, action))

    def stop(self) -> None:
        """Let `run` return."""
        self._stopped = True

    def run(self) -> None:
        """Wait and call back until stopped."""
        while not self._stopped:
            self._turn()

    def _turn(self) -> None:
        for descriptor, events in self._epoll.poll(self._time_left()):
            known = self._watched.get(descriptor)
            if known is not None:
                known[1](events)
        self._do_what_is_due()

    def _time_left(self) -> float:
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else -1

    def _do_what_is_due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()
