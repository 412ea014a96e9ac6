"""A stop: the polite signal, the grace, the kill; it goes on when the helper goes."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

from cloche_engine.api.hearing import handles_signal
from cloche_engine.kernel.signals import DEFAULT, handle, wake_up
from cloche_engine.monitor.launched import Launched
from cloche_engine.monitor.loop import READ, Loop

_AGAIN = 1.0


HOST_PATIENCE = 60.0
"""Seconds that a container gets at most while the computer is shut down; systemd gives us 90."""


def hear_the_host(loop: Loop, told: Callable[[], None]) -> tuple[int, int]:
    """Call `told` at SIGTERM, by which the computer says that it is shut down; by which pipe."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    wake_up(writer, warn_on_full_buffer=False)
    handle(signal.SIGTERM, lambda _number, _frame: None)  # the byte in the pipe does it

    def heard(_events: int) -> None:
        os.read(reader, 64)
        told()

    loop.watch(reader, READ, heard)
    return reader, writer


def hear_no_host(pipe: tuple[int, int]) -> None:
    """SIGTERM ends the process again."""
    handle(signal.SIGTERM, DEFAULT)
    wake_up(-1)
    for end in pipe:
        os.close(end)


class Stopper:
    """Ends the init of one container; `wanted` is true from when somebody wanted that.

    killed: it lived until a SIGKILL of ours, so that nothing else was its end.
    """

    def __init__(self, loop: Loop, launched: Launched) -> None:
        self._loop = loop
        self._launched = launched
        self._kill_at = float("inf")
        self.wanted = self.killed = False

    def stop(self, number: int, grace: float) -> None:
        """Ask by a signal (0: one that it hears), kill after the grace; the shortest one counts.

        An init that does not hear the signal is killed at once: the kernel drops what the first
        process of a pid namespace neither catches nor blocks (pid_namespaces(7)).
        """
        self.wanted = True
        heard = self._heard(number)
        self._kill_at = min(self._kill_at, time.monotonic() + (grace if heard else 0))
        if heard:
            self._ask(heard)
        self._loop.later(max(0.0, self._kill_at - time.monotonic()), self._kill_when_due)

    def _heard(self, number: int) -> int:
        candidates = (number,) if number else (signal.SIGTERM, signal.SIGHUP)
        return next(
            (each for each in candidates if handles_signal(self._launched.child.pid, each)), 0
        )

    def _ask(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._launched.child.pidfd, number)
            if number == signal.SIGHUP:
                # A shell at a terminal misses one that comes just before it waits for a key.
                self._loop.later(_AGAIN, lambda: self._ask(number))

    def _kill_when_due(self) -> None:
        if time.monotonic() >= self._kill_at:
            self.kill()

    def kill(self) -> None:
        """End everything in it now."""
        self.wanted = True
        pidfd = self._launched.child.pidfd
        self.killed = self.killed or not _has_ended(pidfd)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        self._launched.child.group.kill()


def _has_ended(pidfd: int) -> bool:
    """A pidfd can be read from then on, also when its process was reaped (pidfd_open(2))."""
    look = select.poll()
    look.register(pidfd, select.POLLIN)
    return bool(look.poll(0))
