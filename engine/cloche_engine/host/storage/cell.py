"""A process that holds one folder and nothing else of the host: for work on what strangers made.

It has user ids of its own that mean nothing outside, no network, no capability but those for files,
and the system calls of a container.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

from cloche_engine.kernel import constants as k
from cloche_engine.kernel import files
from cloche_engine.kernel.capabilities import drop_bounding_set, keep_only, mask
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import (
    FilterProgram,
    clone3,
    detach,
    make_slave,
    mount_setattr,
    move_mount,
    open_tree,
    pivot_root_here,
    prctl,
)
from cloche_engine.sandbox.identity import die_with_the_monitor
from cloche_engine.sandbox.mounts import STAGE

_NAMESPACES = (
    k.CLONE_NEWUSER | k.CLONE_NEWNS | k.CLONE_NEWPID | k.CLONE_NEWUTS | k.CLONE_NEWIPC
    | k.CLONE_NEWNET
)  # fmt: skip
_CAPABILITIES = ("chown", "dac_override", "fowner", "fsetid", "setfcap")
_MEMORY = 512 << 20
_COUNT = 65536
_QUIET = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC


def work_in_cell(
    folder: int,
    id_base: int,
    kept: tuple[int, ...],
    filters: tuple[FilterProgram, ...],
    work: Callable[[], None],
) -> bool:
    """Do some work with this folder as the root; whether it came to its end.

    kept are the descriptors that it may use. The caller must be single-threaded.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid, pidfd = clone3(_NAMESPACES)
    if pid == 0:
        _live(theirs, kept, filters, work)
    theirs.close()
    try:
        with ours:
            _hand_over(ours, folder, pid, id_base)
        ended = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
    except BaseException:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        raise
    finally:
        os.close(pidfd)
    return ended is not None and ended.si_code == os.CLD_EXITED and ended.si_status == 0


def _hand_over(link: socket.socket, folder: int, pid: int, id_base: int) -> None:
    for name in ("uid_map", "gid_map"):
        files.write(f"/proc/{pid}/{name}", f"0 {id_base} {_COUNT}")
    userns = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    try:
        tree = open_tree(folder, "")
        try:
            mount_setattr(tree, _QUIET, userns=userns)
            send_packet(link, b"T", [tree])
        finally:
            os.close(tree)
    finally:
        os.close(userns)


def _live(
    link: socket.socket,
    kept: tuple[int, ...],
    filters: tuple[FilterProgram, ...],
    work: Callable[[], None],
) -> NoReturn:
    try:
        _, descriptors = receive_packet(link)
        _become_nobody_outside()
        _make_root_of(descriptors[0])
        close_all_but(kept)
        confine(filters)
        work()
        os._exit(0)
    except Exception:  # noqa: BLE001 (its log is all that can tell of a mistake in there)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(1)


def _become_nobody_outside() -> None:
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    die_with_the_monitor()
    prctl(k.PR_SET_DUMPABLE, 0)


def _make_root_of(tree: int) -> None:
    make_slave("/")
    move_mount(tree, k.AT_FDCWD, STAGE)
    os.chdir(STAGE)
    pivot_root_here()
    detach(".")
    os.chdir("/")


def close_all_but(kept: tuple[int, ...]) -> None:
    """Close every descriptor but the standard ones and these."""
    last = 2
    for number in sorted(kept):
        os.closerange(last + 1, number)
        last = number
    os.closerange(last + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def confine(filters: tuple[FilterProgram, ...]) -> None:
    """From here on: no program, files with the rights of root of the namespace, little memory."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    os.umask(0)
    drop_bounding_set(mask(_CAPABILITIES))
    keep_only(mask(_CAPABILITIES))
    prctl(k.PR_SET_NO_NEW_PRIVS, 1)
    for program in filters:
        program.load()
