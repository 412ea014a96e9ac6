"""A further program in a running container: entering its namespaces and becoming its user."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from dataclasses import dataclass
from typing import Any

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.usage import oom_kills
from cloche_engine.host.oom import expose
from cloche_engine.host.rlimits import make_room
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.sockets import send_packet
from cloche_engine.kernel.syscalls import Birth, clone3, prctl, setns
from cloche_engine.kernel.terminals import open_pair
from cloche_engine.monitor.entering import Entering
from cloche_engine.monitor.launch import LaunchFailedError
from cloche_engine.sandbox.child import run_child
from cloche_engine.sandbox.devices import TakeConsole
from cloche_engine.sandbox.identity import (
    BecomeContainerRoot,
    LimitCapabilities,
    NewKeyring,
)
from cloche_engine.sandbox.init import Execute, confined, environment, profiled
from cloche_engine.sandbox.operation import Blame, Context, Operation
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.seccomp import Filters

_PTMX = os.makedev(5, 2)


@dataclass(frozen=True, slots=True)
class Request:
    """What to run, as the helper sent it."""

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    directory: str
    user: str
    terminal: bool

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Request:
        """From the fields of a control message."""
        return cls(
            tuple(fields["argv"]), tuple((n, v) for n, v in fields["environment"]),
            fields["directory"], fields["user"], bool(fields["terminal"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EnterGroupNamespace:
    """Enter the cgroup namespace last: from inside it the kernel lets nobody be born elsewhere."""

    init: int

    def describe(self) -> str:
        """In words."""
        return "enter the cgroup namespace"

    def run(self, context: Context) -> None:
        """Do it."""
        setns(self.init, k.CLONE_NEWCGROUP)


@dataclass(frozen=True, slots=True)
class OpenTerminal:
    """A pty of the container's devpts; its master goes up to the monitor."""

    def describe(self) -> str:
        """In words."""
        return "open a terminal"

    def run(self, context: Context) -> None:
        """Do it."""
        master, context.descriptors["console"] = open_pair("/dev/pts/ptmx")
        if os.fstat(master).st_rdev != _PTMX:
            raise OSError(errno.ENODEV, "is not a terminal multiplexer", "/dev/pts/ptmx")
        context.send_up("console", master)
        os.close(master)


@dataclass(frozen=True, slots=True)
class TakeStreams:
    """The caller's pipes become the three standard streams, in a new session."""

    streams: tuple[int, ...]

    def describe(self) -> str:
        """In words."""
        return "take the caller's pipes"

    def run(self, context: Context) -> None:
        """Do it."""
        os.setsid()
        for number, stream in enumerate(self.streams):
            os.dup2(stream, number)


def only_pipes(streams: list[int]) -> bool:
    """Whether these are three pipes; anything else could lead the program out of its root."""
    return len(streams) == 3 and all(stat.S_ISFIFO(os.fstat(each).st_mode) for each in streams)


class Entrance:
    """Runs programs in one container, through the descriptor of its init that the monitor holds."""

    def __init__(self, plan: LaunchPlan, init: int, group: Group, filters: Filters) -> None:
        self._plan = plan
        self._init = init
        self._group = group
        self._filters = filters
        self._proc = -1

    def begin(self, request: Request, streams: list[int]) -> Entering:
        """Have a program enter; nobody waits for it, because the container can hold it up."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.closing(Birth()) as birth:
            pid = os.fork()
            if pid == 0:
                ours.close()
                self._cross_over(request, birth, theirs, streams)
            theirs.close()
            _, status = os.waitpid(pid, 0)
            pidfd = os.pidfd_open(birth.pid) if birth.pid else -1
        if pidfd < 0 and os.WIFSIGNALED(status) and oom_kills(self._group):
            ours.close()
            raise _out_of_memory()
        return Entering(ours, pidfd)

    def _cross_over(
        self, request: Request, birth: Birth, link: socket.socket, streams: list[int]
    ) -> None:
        """In a process between both worlds: it enters, and its child, the monitor's, runs."""
        try:
            prctl(k.PR_SET_DUMPABLE, 0)  # the container's processes may not look into this one
            tasks, berth = self._group.open_tasks(), self._open_berth()
            for file in tasks:
                os.write(file, b"0")
            make_room(0, self._plan.limits.rlimits)
            expose()
            self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            setns(self._init, self._plan.rights.entered)
            pid, _ = clone3(k.CLONE_PARENT, berth, birth)
            if pid == 0:
                run_child(lambda context: self._steps(request, streams, context), link)
        except OSError as error:
            blame = Blame("enter the container", "Entrance", error.errno or 0, error.strerror or "")
            with contextlib.suppress(OSError):
                send_packet(link, b"E" + blame.to_json())
        finally:
            os._exit(0)

    def _open_berth(self) -> int:
        if self._plan.rights.system:
            return self._group.open_berth()
        return self._group.open_unified()

    def _steps(self, request: Request, streams: list[int], context: Context) -> list[Operation]:
        context.descriptors["/proc"] = self._proc
        context.environment |= {**environment(self._plan), **dict(request.environment)}
        terminal: list[Operation] = (
            [OpenTerminal(), TakeConsole()] if request.terminal else [TakeStreams(tuple(streams))]
        )
        return [
            EnterGroupNamespace(self._init),
            BecomeContainerRoot(),
            *terminal,
            NewKeyring(f"cloche.{self._plan.uuid}"),
            LimitCapabilities(self._plan.rights.kept),
            *confined(self._plan, self._filters, (request.user, ""), request.directory),
            *profiled(self._plan),
            Execute(request.argv),
        ]


def _out_of_memory() -> LaunchFailedError:
    blame = Blame("enter the container", "Entrance", errno.ENOMEM, "killed for want of memory")
    return LaunchFailedError(blame, killed_for_memory=1)
