"""The init to be: cloned before anyone asks, with all done that needs no plan.

monitor ── fork ── launcher
              ├── holder: made by the launcher, beside itself
              └── child: clone_in_place by the holder, beside itself

Three quarters of the time of an execve are the end of the memory that was there before: thousands
of pages of Python. So the child lives in the memory of another process, the holder, which does
nothing but hold it: execve leaves the memory to it, and it is killed when nobody waits.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cloche_engine.host.cgroups.access import guard
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.limits import apply
from cloche_engine.host.cgroups.tree import Layout
from cloche_engine.host.dev import make_dev
from cloche_engine.host.oom import expose
from cloche_engine.host.storage.mount_points import MountPoints, creatable
from cloche_engine.host.storage.sources import check_sources
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import (
    clone3,
    clone_in_place,
    close_all_but,
    name_process,
    new_filesystem,
    setns,
)
from cloche_engine.monitor.protocol import group_name
from cloche_engine.monitor.record import write_init
from cloche_engine.sandbox.child import await_plan_and_run
from cloche_engine.sandbox.devices import QUEUES
from cloche_engine.sandbox.identity import die_with_the_monitor
from cloche_engine.sandbox.operation import Blame
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.limits import Limits
from cloche_engine.sandbox.plan.links import LinkPlan, RoutePlan
from cloche_engine.sandbox.plan.mounts import MountPlan
from cloche_engine.sandbox.plan.rights import JOINED, ORDINARY, Network, Rights
from cloche_engine.sandbox.seccomp import Filters

_LINK = LinkPlan(
    "outer", "eth0", "bridge", private=True, gateway_addresses=("192.0.2.1/24",),
    addresses=("192.0.2.2/24",), routes=(RoutePlan("0.0.0.0/0", "192.0.2.1"),),
    mac="02:00:00:00:00:00",
)  # fmt: skip
_SAMPLE = LaunchPlan(
    uuid="0" * 32, name="sample", hostname="sample", argv=("/bin/sh",), environment=(),
    directory="", user="", group="", root=MountPlan("/", "/"), mounts=(), links=(_LINK,),
    nameservers=("192.0.2.1",), id_base=0, id_count=65536, limits=Limits(processes=2048),
    runtime="/nowhere", log="/nowhere", exit_record="/nowhere",
).to_json()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Warm:
    """What a process that starts containers finds out once; `parent` is where its groups lie."""

    layout: Layout
    filters: Filters
    parent: str
    devices: int = -1
    """The program that guards their devices, where there is one."""
    rights: Rights = ORDINARY
    """What its children can have: those of most containers, or of one that has others."""
    rehearses: bool = True
    """Whether there is time to touch what a start will touch."""
    joined: tuple[int, ...] = ()
    """Descriptors of the namespaces, or of processes in them, that its children are born into."""


@dataclass(slots=True)
class Child:
    """A process in namespaces of its own that waits for its plan at the other end of the link."""

    pid: int
    pidfd: int
    attendants: list[int]
    """The processes that only its start needs: its holder, and who makes the start."""
    link: socket.socket
    group: Group
    dev: dict[str, int]

    def tell(self, packet: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send it something; if it ended already, why it did is still to be heard."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send_packet(self.link, packet, descriptors)

    def is_done(self) -> bool:
        """Wait until it has done all that it was told to; whether it could."""
        answer, place = os.pipe()
        try:
            self.tell(b"Q", [place])
            os.close(place)
            return bool(os.read(answer, 1))
        finally:
            os.close(answer)

    def hear(self) -> tuple[bytes, list[int]]:
        """What it says next, with descriptors; empty at its end or the beginning of its program."""
        try:
            return receive_packet(self.link)
        except ConnectionResetError:  # it ended with words of ours unread: then its own come next
            return receive_packet(self.link)

    def tells_next(self, kind: bytes) -> bool:
        """Whether its next word is of a kind; no where it ended with words of ours unread."""
        try:
            return self.link.recv(1, socket.MSG_PEEK) == kind
        except ConnectionResetError:
            return False

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more; nobody has waited for it yet."""
        ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PIDFD, self.pidfd, ended) is not None

    def hand_over(self, opened: dict[str, int]) -> None:
        """Send it descriptors by name."""
        names = list(opened)
        for at in range(0, len(names), 32):
            part = names[at : at + 32]
            self.tell(b"D" + "\n".join(part).encode(), [opened[name] for name in part])

    def hand_over_groups(self) -> None:
        """Send it what it joins its groups by."""
        tasks = {f"group:{number}": file for number, file in enumerate(self.group.open_tasks())}
        self.hand_over(tasks)
        for file in tasks.values():
            os.close(file)

    def forget_start(self) -> None:
        """End what only its start needed: the holder of its old memory, its launcher."""
        while self.dev:
            os.close(self.dev.popitem()[1])
        while self.attendants:
            pid = self.attendants.pop()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def kill(self) -> None:
        """End it and forget it; its group stays."""
        self.link.close()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
        os.close(self.pidfd)
        self.forget_start()


@dataclass(frozen=True, slots=True)
class _Where:
    """In which namespaces of its own, and in which group, a child is born."""

    rights: Rights
    group: Group
    joined: tuple[int, ...] = ()
    """A descriptor for each namespace that is another's."""


def clone_ahead(warm: Warm, runtime: Path, give: Callable[[Child], None] | None = None) -> Child:
    """Make the namespaces, the process and its group before anyone asks: what costs most.

    The folder of the run tells of them from then on. With `give` they are made for our parent, and
    are its own to end as soon as they are given.
    """
    group = Group(warm.layout, group_name(warm.parent, runtime.name))
    group.create()
    monitor = os.getppid() if give else os.getpid()
    try:
        _guard_devices(warm, group)
        child = _cloned(warm, _Where(warm.rights, group, warm.joined), monitor)
    except OSError:
        group.remove()
        raise
    if give:
        give(child)
    try:
        write_init(runtime, monitor, child.pid, group.name)
        expose(child.pid)
        _let_prepare(child, warm)
    except OSError:
        if not give:
            child.kill()
            group.remove()
        raise
    return child


def _guard_devices(warm: Warm, group: Group) -> None:
    """Ids of its own keep others from the host's disks too, a privileged container only this."""
    if not guard(group, warm.devices) and warm.rights.privileged:
        raise OSError(errno.ENOTSUP, "this host has no means to keep it from its devices")


def _cloned(warm: Warm, where: _Where, monitor: int) -> Child:
    dev = make_dev()
    birth, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with birth:
        holder, _ = clone3(0 if monitor == os.getpid() else k.CLONE_PARENT)
        if holder == 0:
            _hold(theirs, monitor, warm.filters, where)
        theirs.close()
        pid, link = _born(birth, holder)
    return Child(pid, os.pidfd_open(pid), [holder], link, where.group, dev)


def _hold(birth: socket.socket, monitor: int, filters: Filters, where: _Where) -> NoReturn:
    """Become the holder of a child; what follows the clone is the child's."""
    try:
        name_process("cloche-holder")
        die_with_the_monitor()
        if os.getppid() != monitor:  # it ended before we asked to be told
            os._exit(127)
        _join(where)
        close_all_but(birth.fileno())  # whoever waits for the monitor's end waits not for us
        made = _mounts_of_another(where.rights)
        pid = clone_in_place(where.rights.namespaces, where.group.open_unified())
        name_process("cloche-init")
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        send_packet(birth, str(pid).encode(), [theirs.fileno()])
        # The holder has no part in the link, so execve ends it.
        close_all_but(link.fileno(), *made.values())
    except OSError as error:
        blame = Blame("make the namespaces", "clone", error.errno or 0, error.strerror or "")
        with contextlib.suppress(OSError):  # nobody is left to hear it
            send_packet(birth, b"E" + blame.to_json())
        os._exit(127)
    await_plan_and_run(link, filters, made)


def _join(where: _Where) -> None:
    """Enter what is another's before the user namespace is made, while there is the right to.

    What a process of the container may do there is decided by who owns it: another user namespace,
    the host's or that of another container, so its root is nobody there.
    """
    for kind, descriptor in zip(where.rights.joined, where.joined, strict=True):
        setns(descriptor, JOINED[kind])


def _mounts_of_another(rights: Rights) -> dict[str, int]:
    """What shows the links of a network joined and the queues of an IPC namespace, by its place.

    The kernel lets nobody but the owner of the namespace mount these.
    """
    quiet = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC
    made = {}
    if rights.network is Network.ANOTHERS:
        made["/sys"] = new_filesystem("sysfs", quiet | k.MOUNT_ATTR_RDONLY)
    if "ipc" in rights.joined:
        made[QUEUES] = new_filesystem("mqueue", quiet)
    return made


def _born(birth: socket.socket, holder: int) -> tuple[int, socket.socket]:
    """The pid of the child and the link to it; OSError where there is none.

    The child does nothing before it is told to, so it cannot end, nor the holder go on, before
    these signals are there. The second stays where somebody sends SIGCONT: it comes after the stop,
    ends the holder before that runs, and does not end the wait for the child, as SIGTERM would.
    """
    packet, descriptors = receive_packet(birth)
    if packet.isdigit():
        os.kill(holder, signal.SIGSTOP)
        os.kill(holder, signal.SIGXCPU)
        return int(packet), socket.socket(fileno=descriptors[0])
    with contextlib.suppress(ChildProcessError):  # where it is its parent's to wait for
        os.waitpid(holder, 0)
    number = Blame.from_json(packet[1:]).errno if packet else 0
    raise OSError(number, os.strerror(number), "clone3")


def _let_prepare(child: Child, warm: Warm) -> None:
    rights = warm.rights
    child.hand_over(child.dev)
    child.hand_over_groups()
    child.tell(b"A%d %d" % (rights.kept_ahead, rights.network))
    if warm.rehearses:
        child.tell(b"R" + _SAMPLE.encode())


def rehearse(child: Child) -> None:
    """Go through a start as far as nothing changes by it, so that the real one is quick."""
    plan = LaunchPlan.from_json(_SAMPLE)
    directories = check_sources(plan)
    creatable(plan, directories)
    MountPoints(Path(plan.runtime)).missing(plan, directories)
    apply(child.group, plan.limits)
