"""A small process with everything imported that has a monitor ready before it is asked for.

A start then pays for no interpreter and no fork, and the monitors share its memory: gc.freeze()
keeps the collector from touching, and so copying, pages that were there before the fork.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys

from cloche_engine.host import cgroups
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import name_process, prctl
from cloche_engine.monitor.launch import Child, Launcher, Warm, clone_ahead, rehearse
from cloche_engine.monitor.monitor import watch
from cloche_engine.sandbox.plan import LaunchPlan
from cloche_engine.sandbox.seccomp import application_filters

_QUIET_MS = 30
"""Milliseconds without a start after which the next spare is forked, so as not to be in its way."""


def main() -> None:
    """Serve the helper until it hangs up; arguments are its socket's descriptor and our groups."""
    name_process("cloche-spawner")
    prctl(k.PR_SET_DUMPABLE, 0)
    link = socket.socket(fileno=int(sys.argv[1]))
    warm = Warm(cgroups.detect(), application_filters())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the monitors
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    gc.freeze()
    spawner = Spawner(link, warm, groups=sys.argv[2])
    with contextlib.suppress(OSError):
        spawner.fork_spare()
        send_packet(link, b"ready")
        spawner.serve()


class Spawner:
    """Passes plans to monitors; one spare waits for the next."""

    def __init__(self, link: socket.socket, warm: Warm, *, groups: str) -> None:
        self._link = link
        self._groups = groups
        self._warm = warm
        self._spare: socket.socket | None = None

    def serve(self) -> None:
        """Until the helper hangs up; a waiting spare ends then too."""
        while True:
            if self._spare is None and not select.select([self._link], [], [], _QUIET_MS / 1000)[0]:
                self.fork_spare()
            packet, descriptors = receive_packet(self._link)
            if not packet:
                return
            self._pass_on(packet, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)

    def _pass_on(self, packet: bytes, descriptors: list[int]) -> None:
        try:
            self._send_to_spare(packet, descriptors)
        except OSError:  # the spare was killed: a new one serves
            self._send_to_spare(packet, descriptors)

    def _send_to_spare(self, packet: bytes, descriptors: list[int]) -> None:
        spare = self._spare or self.fork_spare()
        self._spare = None
        with spare:
            send_packet(spare, packet, descriptors)

    def fork_spare(self) -> socket.socket:
        """Have a monitor wait for its plan; the socket is where to send it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            ours.close()
            self._link.close()
            _wait_for_plan(theirs, self._warm, self._groups)
        theirs.close()
        self._spare = ours
        return ours


def _wait_for_plan(link: socket.socket, warm: Warm, groups: str) -> None:
    status = 1
    child: Child | None = None
    try:
        os.setsid()
        name_process("cloche-spare")
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # if it cannot be made now, the start will say why
            child = clone_ahead(warm, groups)
            rehearse(warm)
        packet, descriptors = receive_packet(link)
        link.close()
        if packet:
            plan = LaunchPlan.from_json(packet.decode())
            helper, listener = (socket.socket(fileno=each) for each in descriptors)
            watch(plan, Launcher(plan, warm, child), helper, listener)
        elif child is not None:
            child.kill()
            cgroups.sweep(warm.layout, groups)
        status = 0
    except Exception:  # noqa: BLE001 (the main program of a monitor: its log is all there is)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)
