"""User namespaces that only carry a map of ids, for mounts whose owners are mapped otherwise."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Iterator

from cloche_engine.kernel import constants as k
from cloche_engine.kernel import files
from cloche_engine.kernel.syscalls import clone3
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import OneOwner
from cloche_engine.sandbox.plan.rights import IdLine


@contextlib.contextmanager
def map_of_one(owner: OneOwner, plan: LaunchPlan) -> Iterator[int]:
    """A user namespace in which one user and group of the host are one of the container's.

    OSError EINVAL where the container has no such user or group.
    """
    rights = plan.rights
    user = _outside(owner.inside_uid, plan, rights.uid_map)
    group = _outside(owner.inside_gid, plan, rights.gid_map)
    with namespace(f"{owner.uid} {user} 1", f"{owner.gid} {group} 1") as descriptor:
        yield descriptor


def _outside(inside: int, plan: LaunchPlan, lines: tuple[IdLine, ...]) -> int:
    """Which id of the host one of the container's is."""
    if plan.rights.privileged:
        return inside
    for first, host, count in lines or ((0, plan.id_base, plan.id_count),):
        if first <= inside < first + count:
            return host + inside - first
    raise OSError(errno.EINVAL, f"the container has no user or group {inside}")


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
