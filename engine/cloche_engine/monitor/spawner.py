"""A small process with everything imported that forks monitors.

A start then pays for no interpreter, and the monitors share its memory: gc.freeze() keeps the
collector from touching, and so copying, pages that were there before the fork.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
from dataclasses import replace

from cloche_engine.host.cgroups.access import load_access
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.host.cgroups.unit import leave_unit
from cloche_engine.host.oom import spare
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.signals import DEFAULT, IGNORE, handle
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import name_process, prctl
from cloche_engine.monitor.child import Warm
from cloche_engine.monitor.monitor import Monitor
from cloche_engine.monitor.practice import practise
from cloche_engine.monitor.spare import stand_by
from cloche_engine.sandbox.seccomp import compile_filters


def main() -> None:
    """Serve the helper until it hangs up; arguments: its socket, the groups' parent, the runtimes.

    Each packet is an Order; it carries the socket for the plan, then what is to be joined.
    """
    spare()
    prctl(k.PR_SET_DUMPABLE, 0)
    link = socket.socket(fileno=int(sys.argv[1]))
    warm = Warm(detect(), compile_filters(), sys.argv[2], load_access())
    leave_unit(warm.layout, warm.parent)
    practise(warm.layout, warm.filters)
    name_process("cloche-spawner")
    monitor = Monitor(warm.filters)
    handle(signal.SIGCHLD, IGNORE)  # the kernel reaps the monitors
    handle(signal.SIGINT, IGNORE)
    gc.freeze()
    with contextlib.suppress(OSError):
        send_packet(link, b"ready")
        while _serve_one(link, warm, monitor, sys.argv[3]):
            pass


def _serve_one(link: socket.socket, warm: Warm, monitor: Monitor, runtimes: str) -> bool:
    packet, descriptors = receive_packet(link)
    if descriptors:
        # A monitor waits for its children; to say so itself would cost it a hundred shared pages.
        handle(signal.SIGCHLD, DEFAULT)
        if os.fork() == 0:
            link.close()
            helper = socket.socket(fileno=descriptors[0])
            given = replace(warm, joined=tuple(descriptors[1:])) if descriptors[1:] else warm
            stand_by(monitor, helper, (packet, given, runtimes))
        handle(signal.SIGCHLD, IGNORE)
        for descriptor in descriptors:
            os.close(descriptor)
        _reap_early()
    return bool(packet)


def _reap_early() -> None:
    """A monitor that ended before SIGCHLD was ignored again."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
