"""A network of a test's own: no address of a test ever lies on the machine's own interfaces."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from cloche_engine.kernel.constants import CLONE_NEWNET
from cloche_engine.kernel.netlink import Netlink
from cloche_engine.kernel.syscalls import setns, unshare

_LOOPBACK = 1


@contextmanager
def own_network() -> Iterator[None]:
    """This thread, and what it starts meanwhile, in a network namespace with loopback on."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    unshare(CLONE_NEWNET)
    try:
        with Netlink() as netlink:
            netlink.switch_on(_LOOPBACK)
        yield
    finally:
        setns(before, CLONE_NEWNET)
        os.close(before)
