"""A monitor before its plan: a process beside it makes all ready, and the start when it comes.

spawner ── fork ── monitor ── fork ── launcher
                      └── holder, child: made by the launcher, beside itself

What the launcher touches, thousands of pages that it shared with the spawner, goes with it; the
monitor keeps what watching a container needs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

from cloche_engine.kernel.sockets import listen_at
from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor.child import Child, Warm
from cloche_engine.monitor.handover import Word, child_in, hear
from cloche_engine.monitor.launch import (
    Account,
    Launched,
    LaunchFailedError,
    remove_group,
    undo_all,
)
from cloche_engine.monitor.launcher import launch_when_told
from cloche_engine.monitor.monitor import Monitor, leave
from cloche_engine.monitor.protocol import SOCKET, send
from cloche_engine.sandbox.plan.launch import LaunchPlan


def stand_by(helper: socket.socket, warm: Warm, folder: Path) -> NoReturn:
    """The life of a monitor, in a process that was forked for it; it makes its folder."""
    status = 1
    try:
        os.setsid()
        name_process("cloche-spare")
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listener = _make_folder(folder)
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        monitor = os.getpid()
        launcher = os.fork()
        if launcher == 0:
            launch_when_told(theirs, helper, warm, folder, monitor)
        theirs.close()
        _Spare(helper, warm, folder, listener).wait(link, launcher)
        status = 0
    except Exception:  # noqa: BLE001 (the main program of a monitor: its log is all there is)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _make_folder(folder: Path) -> socket.socket:
    """The folder of a run, under a name for now; its socket listens: no viewer has to wait."""
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return listen_at(descriptor, SOCKET)
    finally:
        os.close(descriptor)


class _Spare:
    """What a monitor is until its container runs."""

    def __init__(
        self, helper: socket.socket, warm: Warm, folder: Path, listener: socket.socket
    ) -> None:
        self._helper = helper
        self._warm = warm
        self._folder = folder
        self._listener = listener

    def wait(self, link: socket.socket, launcher: int) -> None:
        """Until there is a container to watch, or nothing to wait for."""
        child: Child | None = None
        while (word := hear(link)) is not None and not word.plan:
            child = child_in(word, self._warm.layout, launcher)
        link.close()
        if word is None:
            self._clear(child)
        else:
            self._watch(word, child)
        if child is None:
            os.waitpid(launcher, 0)

    def _clear(self, child: Child | None) -> None:
        if child is not None:
            child.kill()
            remove_group(child.group)
        leave(self._folder)

    def _watch(self, word: Word, child: Child | None) -> None:
        plan = LaunchPlan.from_json(word.plan)
        netns = word.descriptors[0] if word.descriptors else -1
        name_process(f"cloche:{plan.name}")
        account = Account(**word.fields["account"])
        try:
            if child is None or "error" in word.fields:
                raise LaunchFailedError.from_fields(word.fields["error"])
            launched = Launched(plan, child, account, word.fields["rounded"], netns)
            Monitor(launched, self._warm.filters, self._listener).run(self._helper)
        except LaunchFailedError as failure:
            if child is not None:
                child.kill()
            undo_all(plan, child.group if child is not None else None, netns)
            leave(Path(plan.runtime))
            with contextlib.suppress(OSError):  # the helper died; the next finds nothing to do
                send(self._helper, {"error": failure.fields, **account.fields()})
