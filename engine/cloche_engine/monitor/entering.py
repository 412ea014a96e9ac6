"""A program on its way into a container, which can stop it there before it is one of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket

from cloche_engine.kernel.processes import is_stopped, pid_behind
from cloche_engine.kernel.sockets import receive_packet
from cloche_engine.monitor.launch import LaunchFailedError
from cloche_engine.sandbox.operation import Blame


class Entering:
    """What it tells comes on `link`, one packet each; its pty's master `console` is -1 before.

    The pidfd is -1 where it was never born. It is known before all else: who is not reaped keeps
    the pid namespace, and with it the container, from ending.
    """

    def __init__(self, link: socket.socket, pidfd: int) -> None:
        self.link = link
        self.pidfd = pidfd
        self.console = -1

    def hear(self) -> bool:
        """Take its next word; True when its program runs. LaunchFailedError where it does not."""
        packet, descriptors = receive_packet(self.link)
        match packet[:1]:
            case b"F":
                (self.console,) = descriptors
            case b"S":
                pass  # what it did until it failed; here the blame says enough
            case b"E":
                raise LaunchFailedError(Blame.from_json(packet[1:]))
            case _ if self.pidfd < 0:
                raise broken_off()
            case _:
                return True
        return False

    def demand_progress(self) -> None:
        """LaunchFailedError where a signal holds it up, which only root of the container sends."""
        if self.pidfd >= 0 and is_stopped(pid_behind(self.pidfd)):
            raise _failed(
                "something in the container stopped it on its way in (SIGSTOP)",
                "end what does that, or kill the container",
            )

    def demand_end(self) -> None:
        """LaunchFailedError, because it takes too long."""
        raise _failed(
            "it was held up on its way in",
            "a control group that is frozen inside, or a disk that does not answer, can do that",
        )

    def kill(self) -> None:
        """End it, and close all but its pidfd, which tells when it has ended."""
        self.link.close()
        if self.console >= 0:
            os.close(self.console)
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)


def broken_off() -> LaunchFailedError:
    """It ended, or the container did, before it was in."""
    return _failed("it ended meanwhile", "")


def _failed(text: str, hint: str) -> LaunchFailedError:
    return LaunchFailedError(Blame("enter the container", "Entrance", 0, text), hint)
