"""The process that makes one start: all that needs no plan ahead, the rest when the plan comes.

It is the monitor's child, and so are the processes that it makes: it has no part in their end, and
ends when the monitor has no more use for it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from cloche_engine.kernel.sockets import listen_at, receive_packet
from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor.child import Child, Warm, clone_ahead, rehearse
from cloche_engine.monitor.handover import tell, tell_child
from cloche_engine.monitor.launch import Launcher, LaunchFailedError
from cloche_engine.monitor.protocol import GO, PREPARE, PREPARE_LINKED, SOCKET, Fields, send
from cloche_engine.sandbox.identity import die_with_the_monitor


def launch_when_told(
    link: socket.socket, helper: socket.socket, warm: Warm, folder: Path, monitor: int
) -> NoReturn:
    """The life of a launcher; `link` leads to the monitor, whose pid is `monitor`."""
    try:
        name_process("cloche-launcher")
        die_with_the_monitor()
        if os.getppid() == monitor:  # else it ended before we asked to be told
            _launch_when_told(link, helper, warm, folder)
    except Exception:  # noqa: BLE001 (the main program of a process: the log is all there is)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(0)


def _launch_when_told(link: socket.socket, helper: socket.socket, warm: Warm, folder: Path) -> None:
    listener = _make_folder(folder)
    child: Child | None = None
    trouble = None
    try:
        child = clone_ahead(warm, folder, lambda made: tell_child(link, made, listener))
        if warm.rehearses:
            rehearse(child)
    except OSError as error:  # the start will say why
        trouble = error
    send(helper, {"pid": os.getppid(), "ready": trouble is None})
    packet, _ = receive_packet(helper)
    if packet[:1] in {PREPARE, PREPARE_LINKED}:
        launcher = Launcher(packet[1:].decode(), child, trouble)
        if _prepared(launcher, helper, connects=packet[:1] == PREPARE_LINKED):
            _launch(packet[1:].decode(), launcher, launcher.launch_prepared, link)
    elif packet:
        launcher = Launcher(packet.decode(), child, trouble)
        _launch(packet.decode(), launcher, launcher.launch, link)


def _prepared(launcher: Launcher, helper: socket.socket, *, connects: bool) -> bool:
    """Prepare a start and wait for it; no where it does not come, and nothing is left."""
    try:
        ready = launcher.prepare(connects=connects)
    except LaunchFailedError:  # another one will try it when it is wanted, and say why
        ready = False
    send(helper, {"ready": ready})
    if receive_packet(helper)[0] == GO:
        return True
    launcher.give_up()
    return False


def _make_folder(folder: Path) -> socket.socket:
    """The folder of a run, under a name for now; its socket listens: no viewer has to wait."""
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return listen_at(descriptor, SOCKET)
    finally:
        os.close(descriptor)


def _launch(
    plan: str, launcher: Launcher, launch: Callable[[], Fields], link: socket.socket
) -> None:
    try:
        fields = launch()
    except LaunchFailedError as failure:
        fields = {"error": failure.fields, **launcher.fields()}
    tell(link, fields, plan, [launcher.netns] if launcher.netns >= 0 else [])
    signal.pause()  # its end is work that must not be in the way of the program's beginning
