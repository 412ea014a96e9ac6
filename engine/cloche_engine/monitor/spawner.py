"""A small process with everything imported that forks a monitor per start.

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

from cloche_engine.host import cgroups
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import name_process, prctl
from cloche_engine.monitor.launch import Warm
from cloche_engine.monitor.monitor import watch
from cloche_engine.sandbox.plan import LaunchPlan
from cloche_engine.sandbox.seccomp import application_filters


def main() -> None:
    """Serve the helper on the socket whose descriptor is the first argument, until it hangs up."""
    name_process("cloche-spawner")
    prctl(k.PR_SET_DUMPABLE, 0)
    link = socket.socket(fileno=int(sys.argv[1]))
    warm = Warm(cgroups.detect(), application_filters())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the monitors
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    gc.freeze()
    with contextlib.suppress(OSError):
        send_packet(link, b"ready")
        _serve(link, warm)


def _serve(link: socket.socket, warm: Warm) -> None:
    while True:
        packet, descriptors = receive_packet(link)
        if not packet:
            return
        if os.fork() == 0:
            _become_monitor(packet, descriptors, warm, link)
        for descriptor in descriptors:
            os.close(descriptor)


def _become_monitor(
    packet: bytes, descriptors: list[int], warm: Warm, spawner_link: socket.socket
) -> None:
    status = 1
    try:
        os.setsid()
        spawner_link.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        watch(LaunchPlan.from_json(packet.decode()), warm, socket.socket(fileno=descriptors[0]))
        status = 0
    except Exception:  # noqa: BLE001 (the main program of a monitor: its log is all there is)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)
