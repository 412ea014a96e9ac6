"""Mounts that come and go while a container runs (mount_namespaces(7)).

A process between both worlds opens the tree outside, enters by the descriptor of the init, which is
held since the start, and attaches it there: no path of the container is ever looked up outside.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloche_engine.host.storage import roots
from cloche_engine.host.storage.mount_points import MountPoints, creatable
from cloche_engine.host.storage.refused import TreeRefusedError
from cloche_engine.host.storage.sources import check_sources
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import detach, prctl, setns
from cloche_engine.sandbox.identity import become_root
from cloche_engine.sandbox.init import mount_operation
from cloche_engine.sandbox.operation import Context
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import MountPlan
from cloche_engine.sandbox.walk import open_without_links

_NAME = "live"


class MountingFailedError(Exception):
    """Nothing is mounted or unmounted; fields as JSON carries them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields["text"])
        self.fields = fields


class Mounting:
    """Changes the mounts of one container, through the descriptor of its init."""

    def __init__(self, plan: LaunchPlan, init: int) -> None:
        self._plan = plan
        self._init = init

    def attach(self, mount: MountPlan) -> LaunchPlan:
        """Mount it; the plan with it. MountingFailedError."""
        plan = replace(self._plan, mounts=(*self._plan.mounts, mount))
        if self._number(mount.target) is not None:
            raise _failed(f"something is mounted on {mount.target} already", "stop it first")
        _in_a_process(lambda: self._attach(plan, mount))
        return plan

    def detach(self, target: str) -> LaunchPlan:
        """Unmount what is mounted there since a start or a call; the plan without it."""
        number = self._number(target)
        if number is None:
            return self._plan
        _in_a_process(lambda: self._detach(target))
        mounts = self._plan.mounts
        return replace(self._plan, mounts=(*mounts[:number], *mounts[number + 1 :]))

    def _number(self, target: str) -> int | None:
        targets = [mount.target for mount in self._plan.mounts]
        return targets.index(target) if target in targets else None

    def _attach(self, plan: LaunchPlan, mount: MountPlan) -> None:
        directories = check_sources(plan)
        create = creatable(plan, directories)[-1]
        MountPoints(Path(plan.runtime)).prepare(plan, directories)
        tree = -1
        if mount.from_outside:
            tree = roots.open_mount(mount, self._user_namespace(), plan)
        context = Context({_NAME: tree}, lambda *_: None, lambda _: None, self._enter())
        mount_operation(_NAME, mount, directory=directories[-1], create=create).run(context)

    def _detach(self, target: str) -> None:
        """Where a link stands in the way now, another mount would go: that is refused."""
        root = self._enter()
        try:
            os.fchdir(open_without_links(root, target))
        except NotADirectoryError:  # a file, or a link, which umount2 does not follow
            above, name = os.path.split(target)
            os.fchdir(open_without_links(root, above))
            detach(name)
        else:
            detach(".")

    def _enter(self) -> int:
        """The container's root, seen from inside; what follows is done by root of the container."""
        prctl(k.PR_SET_DUMPABLE, 0)
        setns(self._init, self._plan.rights.namespaces & (k.CLONE_NEWUSER | k.CLONE_NEWNS))
        become_root()
        return os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def _user_namespace(self) -> int:
        """A descriptor of it, fetched by a process that enters it; -1 where it has none."""
        if not self._plan.rights.namespaces & k.CLONE_NEWUSER:
            return -1
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            try:
                proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
                setns(self._init, k.CLONE_NEWUSER)
                own = os.open("self/ns/user", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
                send_packet(theirs, b"U", [own])
            finally:
                os._exit(0)
        theirs.close()
        with ours:
            _, descriptors = receive_packet(ours)
        os.waitpid(pid, 0)
        if not descriptors:
            raise OSError(errno.ESRCH, "it ended meanwhile")
        return descriptors[0]


def _in_a_process(work: Callable[[], None]) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        _do_and_tell(work, theirs)
    theirs.close()
    with ours:
        packet, _ = receive_packet(ours)
    os.waitpid(pid, 0)
    if packet != b"ok":
        raise MountingFailedError(json.loads(packet)) if packet else _failed("it broke off", "")


def _do_and_tell(work: Callable[[], None], link: socket.socket) -> None:
    try:
        work()
        link.send(b"ok")
    except TreeRefusedError as refusal:
        link.send(json.dumps({"text": refusal.message, "errno": 0, "hint": refusal.hint}).encode())
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        text = f"{error.strerror or error}{where}"
        link.send(json.dumps({"text": text, "errno": error.errno or 0, "hint": ""}).encode())
    finally:
        os._exit(0)


def _failed(text: str, hint: str) -> MountingFailedError:
    return MountingFailedError({"text": text, "errno": 0, "hint": hint})
