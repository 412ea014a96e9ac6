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

from cloche_engine.host.cgroups.group import Group
from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor.child import Child, Warm
from cloche_engine.monitor.handover import LauncherGoneError, Word, child_in, hear, tell_child
from cloche_engine.monitor.launch import LaunchFailedError, remove_group, undo_all
from cloche_engine.monitor.launcher import launch_when_told
from cloche_engine.monitor.monitor import Monitor, leave
from cloche_engine.monitor.protocol import send
from cloche_engine.sandbox.plan.launch import LaunchPlan

_TIMES = 10
"""After eight calls Python has adapted a function to what it works on, in the function itself."""


def stand_by(helper: socket.socket, warm: Warm, folder: Path) -> NoReturn:
    """The life of a monitor, in a process that was forked for it; `folder` is to be made."""
    status = 1
    try:
        os.setsid()
        name_process("cloche-spare")
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        monitor = os.getpid()
        launcher = os.fork()
        if launcher == 0:
            launch_when_told(theirs, helper, warm, folder, monitor)
        theirs.close()
        first = hear(link)
        if first is None or first.plan:
            _without_child(helper, first, folder, launcher)
        else:
            child, listener = child_in(first, warm.layout, launcher)
            _with_child(Monitor(child, warm.filters, listener), helper, link, folder)
        status = 0
    except Exception:  # noqa: BLE001 (the main program of a monitor: its log is all there is)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def practise(warm: Warm) -> None:
    """Go the way of a monitor once with nothing at its end: what Python notes on it is shared."""
    with contextlib.ExitStack() as after:
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours, theirs = map(after.enter_context, pair)
        pidfd = os.pidfd_open(os.getpid())
        after.callback(os.close, pidfd)
        child = Child(os.getpid(), pidfd, [], ours, Group(warm.layout, ""), {})
        for _ in range(_TIMES):
            tell_child(theirs, child, ours)
            word = hear(ours)
            assert word is not None  # noqa: S101 (it was told just before)
            given, listener = child_in(word, warm.layout, 0)
            monitor = Monitor(given, warm.filters, listener)
            os.close(given.pidfd)
            given.link.close()
            listener.close()
            monitor.close()
            name_process("cloche-spawner")


def _with_child(monitor: Monitor, helper: socket.socket, link: socket.socket, folder: Path) -> None:
    launched = monitor.launched
    try:
        monitor.run(helper, link)
    except LauncherGoneError:
        launched.child.kill()
        remove_group(launched.child.group)
        leave(folder)
    except LaunchFailedError as failure:
        launched.child.kill()
        launched.clean()
        leave(Path(launched.plan.runtime))
        with contextlib.suppress(OSError):  # the helper died; the next one finds nothing to do
            send(helper, {"error": failure.fields, **launched.account.fields()})


def _without_child(helper: socket.socket, word: Word | None, folder: Path, launcher: int) -> None:
    """The launcher could make none: it says why when it has the plan, or it was not asked."""
    if word is not None:
        plan = LaunchPlan.from_json(word.plan)
        undo_all(plan, None)
        folder = Path(plan.runtime)
    leave(folder)
    os.kill(launcher, signal.SIGKILL)
    os.waitpid(launcher, 0)
    if word is not None:
        with contextlib.suppress(OSError):
            send(helper, {"error": word.fields["error"], **word.fields["account"]})
