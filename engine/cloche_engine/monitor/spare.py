"""A monitor before its plan: it makes ready what no plan is needed for, and waits."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

from cloche_engine.kernel.sockets import listen_at, receive_packet
from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor.child import Child, Warm, clone_ahead, rehearse
from cloche_engine.monitor.launch import Launcher, remove_group
from cloche_engine.monitor.monitor import leave, watch
from cloche_engine.monitor.protocol import SOCKET, SPARE, send


def stand_by(helper: socket.socket, warm: Warm, runtimes: Path) -> NoReturn:
    """The life of a monitor, in a process that was forked for it."""
    status = 1
    try:
        os.setsid()
        name_process("cloche-spare")
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _wait_and_watch(helper, warm, runtimes)
        status = 0
    except Exception:  # noqa: BLE001 (the main program of a monitor: its log is all there is)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _wait_and_watch(helper: socket.socket, warm: Warm, runtimes: Path) -> None:
    child: Child | None = None
    folder, listener = _make_folder(runtimes)
    with contextlib.suppress(OSError):  # if it cannot be made now, the start will say why
        child = clone_ahead(warm, folder)
        rehearse(child)
    packet = b""
    with contextlib.suppress(OSError):
        send(helper, {"spare": folder.name})
        packet, _ = receive_packet(helper)
    if packet:
        watch(Launcher(packet.decode(), warm, child), helper, listener)
        return
    if child is not None:
        child.kill()
        remove_group(child.group)
    leave(folder)


def _make_folder(runtimes: Path) -> tuple[Path, socket.socket]:
    """The folder of a run, under a name for now; its socket listens: no viewer has to wait."""
    folder = runtimes / f"{SPARE}{os.getpid():x}-{time.monotonic_ns():x}"
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return folder, listen_at(descriptor, SOCKET)
    finally:
        os.close(descriptor)
