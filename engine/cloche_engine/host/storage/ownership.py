"""User namespaces that only carry a map of ids, for mounts whose owners are mapped otherwise."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

from cloche_engine.kernel import constants as k
from cloche_engine.kernel import files
from cloche_engine.kernel.syscalls import clone3
from cloche_engine.sandbox.plan.mounts import OneOwner


@contextlib.contextmanager
def map_of_one(owner: OneOwner, id_base: int) -> Iterator[int]:
    """A user namespace in which one user and group of the host are one of the container's."""
    uids = f"{owner.uid} {id_base + owner.inside_uid} 1"
    gids = f"{owner.gid} {id_base + owner.inside_gid} 1"
    with namespace(uids, gids) as descriptor:
        yield descriptor


@contextlib.contextmanager
def namespace(uid_map: str, gid_map: str) -> Iterator[int]:
    """A descriptor of a user namespace with these maps (user_namespaces(7))."""
    pid, pidfd = clone3(k.CLONE_NEWUSER)
    if pid == 0:
        _wait_to_be_killed()
    try:
        files.write(f"/proc/{pid}/uid_map", uid_map)
        files.write(f"/proc/{pid}/gid_map", gid_map)
        descriptor = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        os.close(pidfd)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_to_be_killed() -> None:
    while True:
        signal.pause()
