"""A monitor before its plan: a process beside it makes all ready, and the start when it comes.

spawner ── fork ── monitor ── fork ── launcher
                      └── holder, child: made by the launcher, beside itself

What the launcher touches, thousands of pages that it shared with the spawner, goes with it; the
monitor keeps what watching a container needs.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor.child import Warm
from cloche_engine.monitor.handover import LauncherGoneError, Word, child_in, hear
from cloche_engine.monitor.launch import LaunchFailedError, remove_group, undo_all
from cloche_engine.monitor.launcher import launch_when_told
from cloche_engine.monitor.monitor import Monitor, leave
from cloche_engine.monitor.protocol import Order, send
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.rights import Rights

Wanted = tuple[bytes, Warm, str]
"""An order as it came, which the process reads that makes the start; where the folders are."""


def stand_by(monitor: Monitor, helper: socket.socket, wanted: Wanted) -> NoReturn:
    """The life of a monitor, in a process that was forked for it."""
    status = 1
    try:
        os.setsid()
        name_process("cloche-spare")
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.getpid()
        launcher = os.fork()
        if launcher == 0:
            launch_when_told(theirs, helper, *_read(wanted), pid)
        theirs.close()
        for descriptor in wanted[1].joined:
            os.close(descriptor)
        first = hear(link)
        if first is None or first[1]:
            _without_child(helper, first, wanted, launcher)
        else:
            monitor.adopt(*child_in(first, wanted[1].layout, launcher))
            _with_child(monitor, helper, link, wanted)
        status = 0
    except Exception:  # noqa: BLE001 (the main program of a monitor: its log is all there is)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _read(wanted: Wanted) -> tuple[Warm, Path]:
    """What its launcher is to know, and the folder that is to be made."""
    packet, warm, runtimes = wanted
    order = Order.unpacked(packet)
    rights = Rights.from_json(order.rights) if order.rights else warm.rights
    warm = replace(warm, rights=rights, rehearses=not order.at_once)
    return warm, Path(runtimes, order.folder)


def _with_child(
    monitor: Monitor, helper: socket.socket, link: socket.socket, wanted: Wanted
) -> None:
    launched = monitor.launched
    try:
        monitor.run(helper, link)
    except LauncherGoneError:
        launched.child.kill()
        remove_group(launched.child.group)
        leave(_read(wanted)[1])
    except LaunchFailedError as failure:
        launched.child.kill()
        launched.clean()
        leave(Path(launched.plan.runtime))
        with contextlib.suppress(OSError):  # the helper died; the next one finds nothing to do
            send(helper, {"error": failure.fields, **launched.account})


def _without_child(helper: socket.socket, word: Word | None, wanted: Wanted, launcher: int) -> None:
    """The launcher could make none: it says why when it has the plan, or it was not asked."""
    if word is None:
        leave(_read(wanted)[1])
    else:
        plan = LaunchPlan.from_json(word[1])
        undo_all(plan, None)
        leave(Path(plan.runtime))
    os.kill(launcher, signal.SIGKILL)
    os.waitpid(launcher, 0)
    if word is not None:
        with contextlib.suppress(OSError):
            send(helper, {"error": word[0]["error"], **json.loads(word[0]["account"])})
