"""A start that the spawner lives through before it forks: what Python notes on the way is shared.

Python 3.11 writes to its functions when they have run eight times, to its caches at every new name,
and to whatever it creates. Done before the fork it is done for all monitors.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from contextlib import ExitStack

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import Layout
from cloche_engine.kernel.sockets import send_packet
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.handover import child_in, hear, tell, tell_child
from cloche_engine.monitor.loop import READ
from cloche_engine.monitor.monitor import Monitor
from cloche_engine.sandbox.seccomp import Filters

_TIMES = 10
_WORD = {
    "name": "none", "slowed": False, "console": 4096, "rounded": [],
    "account": '{"begun": 1.5, "outside": [["nothing", 1.5, 1.5]]}',
}  # fmt: skip


def practise(layout: Layout, filters: Filters) -> None:
    """Let monitors watch the start of a container that does nothing, without a helper."""
    init = os.fork()
    if init == 0:
        signal.pause()
    try:
        for _ in range(_TIMES):
            with ExitStack() as after:
                _watch_a_start(init, layout, filters, after)
    finally:
        os.kill(init, signal.SIGKILL)
        os.waitpid(init, 0)


def _watch_a_start(init: int, layout: Layout, filters: Filters, after: ExitStack) -> None:
    link, launcher = _pair(after)
    helper, told = _pair(after)
    child, peer = _child(init, layout, after)
    listener = after.enter_context(_listener())
    tell_child(launcher, child, listener)
    tell(launcher, _WORD)
    os.write(peer, b"x")
    monitor = Monitor(filters, quiet=0)
    word = hear(link)
    assert word is not None  # noqa: S101 (it was told just before)
    monitor.adopt(*child_in(word, layout, 0))
    monitor.launched.child.attendants.clear()
    after.callback(monitor.close)
    monitor.loop.watch(told.fileno(), READ, lambda _: monitor.loop.stop())
    monitor.run(helper, link)


def _child(init: int, layout: Layout, after: ExitStack) -> tuple[Child, int]:
    """One that has said all; the terminal that its console belongs to."""
    ours, theirs = _pair(after)
    master, peer = os.openpty()
    after.callback(os.close, peer)
    pidfd = os.pidfd_open(init)
    after.callback(os.close, pidfd)
    send_packet(theirs, b"Fconsole", [master])
    os.close(master)
    send_packet(theirs, b'S"nothing"')
    theirs.close()
    return Child(init, pidfd, [], ours, Group(layout, ""), {}), peer


def _pair(after: ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    after.enter_context(contextlib.closing(ours))
    after.enter_context(contextlib.closing(theirs))
    return ours, theirs


def _listener() -> socket.socket:
    """A socket at which nobody knocks."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind("")  # a name of the kernel's choice, in no folder
    listener.listen()
    return listener
