"""The end of a link, without waiting for what the kernel does once nobody can see it any more.

The answer to RTM_DELLINK comes 10 to 30 ms after that: netdev_run_todo() (net/core/dev.c) first
waits for all callbacks of RCU that are under way, and by then the name is free again.
"""

from __future__ import annotations

import _thread
import select
import socket
import struct

from cloche_engine.kernel.netlink import Netlink
from cloche_engine.kernel.rtnetlink import messages

_DELLINK = 17
_OF_LINKS = 1
_LARGEST = 64 * 1024


def remove_link(name: str) -> None:
    """Remove a link; nothing happens where there is none of this name. OSError if it is refused."""
    with Netlink() as netlink, _ends_of_links() as ends:
        found = netlink.link(name)
        if found is None:
            return
        trouble: list[OSError] = []
        done, ours = socket.socketpair()
        with done:
            _thread.start_new_thread(_remove, (name, ours, trouble))
            _wait(ends, done, found.index)
        if trouble:
            raise trouble[0]
        netlink.link(name)  # answered when the lock is free under which it is removed


def _remove(name: str, done: socket.socket, trouble: list[OSError]) -> None:
    try:
        with Netlink() as netlink:
            netlink.delete_link(name)
    except OSError as error:
        trouble.append(error)
    finally:
        done.close()


def _ends_of_links() -> socket.socket:
    heard = socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
    )
    heard.bind((0, _OF_LINKS))
    return heard


def _wait(ends: socket.socket, done: socket.socket, index: int) -> None:
    """Until the link is told to be gone, or whoever removes it is done with it."""
    either = select.poll()  # select(2) knows no descriptor above 1023
    either.register(ends, select.POLLIN)
    either.register(done, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in either.poll()}
        if done.fileno() in ready or _tells_end_of(ends, index):
            return


def _tells_end_of(ends: socket.socket, index: int) -> bool:
    try:
        datagram = ends.recv(_LARGEST)
    except OSError:  # so much happened that some of it was not told
        return False
    return any(
        kind == _DELLINK and struct.unpack_from("=BxHi", payload)[::2] == (socket.AF_UNSPEC, index)
        for kind, _, payload in messages(datagram)
    )
