"""A start as its parent sees it: group, namespaces, id maps, trees, network, then the child's list.

monitor                                child (clone3, six namespaces)
  | --- clone3 ------------------------> |  write 0 to tasks, new cgroup namespace
  | write id maps, open trees, veth      |
  | --- G names + descriptors ---------> |  the list of sandbox.init
  | <-- F console + pty master --------- |
  | <-- E blame, or end of file -------- |  failed, or the program runs
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cloche_engine.host import cgroups, links, roots
from cloche_engine.host.mount_points import MountPoints, TreeRefusedError, creatable
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import FilterProgram, clone3, unshare
from cloche_engine.sandbox.devices import NODES
from cloche_engine.sandbox.init import environment, operations, run_child
from cloche_engine.sandbox.operation import Blame, Context, Operation
from cloche_engine.sandbox.plan import HostRoot, LaunchPlan, LinkPlan

_NAMESPACES = (
    k.CLONE_NEWUSER | k.CLONE_NEWNS | k.CLONE_NEWPID | k.CLONE_NEWUTS | k.CLONE_NEWIPC
    | k.CLONE_NEWNET
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Warm:
    """What a process that starts containers finds out once."""

    layout: cgroups.Layout
    filters: tuple[FilterProgram, ...]


class LaunchFailedError(Exception):
    """The container did not start and nothing of it is left; fields as JSON carries them."""

    def __init__(self, blame: Blame, hint: str = "", killed_for_memory: int = 0) -> None:
        super().__init__(blame.text)
        self.fields = {**blame.fields(), "hint": hint, "killed_for_memory": killed_for_memory}


@dataclass(slots=True)
class Launched:
    """A running container as its monitor holds it."""

    plan: LaunchPlan
    pid: int
    pidfd: int
    console: int
    group: cgroups.Group
    steps: list[tuple[str, float]]
    started: float = field(default_factory=time.time)

    def clean(self) -> None:
        """Take away everything that was made for it; its processes must be gone."""
        undo_all(self.plan, self.group)


@dataclass(frozen=True, slots=True)
class JoinGroups:
    """Write 0 to each tasks file, then hide the host's part of the path."""

    tasks: tuple[int, ...]

    def describe(self) -> str:
        """In words."""
        return "join the control groups"

    def run(self, context: Context) -> None:
        """Do it."""
        for file in self.tasks:
            os.write(file, b"0")
        unshare(k.CLONE_NEWCGROUP)


@dataclass(frozen=True, slots=True)
class AwaitParent:
    """Wait for the id maps and the descriptors."""

    link: socket.socket

    def describe(self) -> str:
        """In words."""
        return "wait for the monitor"

    def run(self, context: Context) -> None:
        """Do it; the child ends in silence where the parent gave up."""
        while True:
            packet, descriptors = receive_packet(self.link)
            if not packet:
                os._exit(127)
            names = json.loads(packet[1:])
            context.descriptors.update(zip(names, descriptors, strict=True))
            if packet[:1] == b"G":
                return


class Launcher:
    """One start, step by step with times; on failure it takes back what was done."""

    def __init__(self, plan: LaunchPlan, warm: Warm) -> None:
        self._plan = plan
        self._warm = warm
        self._runtime = Path(plan.runtime)
        self._group = cgroups.Group(warm.layout, plan.cgroup)
        self._steps: list[tuple[str, float]] = []
        self._pid = 0
        self._pidfd = -1
        self._console = -1

    def launch(self) -> Launched:
        """Start it; LaunchFailedError with everything taken back."""
        try:
            self._launch()
        except BaseException:
            self._take_back()
            raise
        return Launched(self._plan, self._pid, self._pidfd, self._console, self._group, self._steps)

    def _launch(self) -> None:
        plan = self._plan
        with self._step("look at the sources"):
            directories = roots.check_sources(plan)
            may_create = creatable(plan, directories)
            shared = None if plan.root else roots.host_root()
        with self._step("make missing mount points"):
            MountPoints(self._runtime).prepare(plan, directories)
        with self._step("make the control group and set its limits"):
            self._group.create()
            self._group.apply(cgroups.Limits(plan.cpu_shares, plan.memory, plan.processes))
        steps = operations(plan, shared, directories, may_create, self._warm.filters)
        with self._step("make the namespaces"):
            link = self._clone(steps)
        with link:
            self._equip(link, shared)
            with self._step("run the container's own steps"):
                self._await_program(link)

    def _clone(self, steps: list[Operation]) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        tasks, group = self._group.open_attach()
        try:
            with theirs:
                self._pid, self._pidfd = clone3(_NAMESPACES, group)
                if self._pid == 0:
                    ours.close()
                    everything: list[Operation] = [JoinGroups(tuple(tasks)), AwaitParent(theirs)]
                    everything += steps
                    run_child(everything, theirs, {}, environment(self._plan))
        except BaseException:
            ours.close()
            raise
        finally:
            for descriptor in (*tasks, group):
                if descriptor >= 0:
                    os.close(descriptor)
        return ours

    def _equip(self, link: socket.socket, shared: HostRoot | None) -> None:
        with self._step("map its users"):
            self._write_id_maps()
        if self._plan.link is not None:
            with self._step("connect its network"):
                self._connect_network()
        with self._step("open its trees"), self._opened(shared) as opened:
            names = list(opened)
            for at in range(0, len(names), 32):
                part = names[at : at + 32]
                last = at + 32 >= len(names)
                kind = b"G" if last else b"P"
                send_packet(link, kind + json.dumps(part).encode(), [opened[n] for n in part])

    def _write_id_maps(self) -> None:
        line = f"0 {self._plan.id_base} {self._plan.id_count}"
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{self._pid}/{name}").write_text(line)

    def _connect_network(self) -> None:
        assert self._plan.link is not None  # noqa: S101 (the caller looked)
        netns = os.open(f"/proc/{self._pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            with links.changing_links(self._runtime.parent):
                links.connect(self._plan.link, netns)
        finally:
            os.close(netns)

    @contextlib.contextmanager
    def _opened(self, shared: HostRoot | None) -> Iterator[dict[str, int]]:
        opened: dict[str, int] = {}
        userns = os.open(f"/proc/{self._pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        try:
            opened |= roots.open_nodes(NODES)
            if shared is not None:
                opened |= roots.open_host_directories(shared)
            else:
                opened["root"] = roots.open_root(self._plan, userns)
            for number, mount in enumerate(self._plan.mounts):
                if mount.source:
                    opened[f"mount:{number}"] = roots.open_mount(mount, userns)
            yield opened
        finally:
            for descriptor in (userns, *opened.values()):
                os.close(descriptor)

    def _await_program(self, link: socket.socket) -> None:
        while True:
            packet, descriptors = receive_packet(link)
            match packet[:1]:
                case b"F":
                    self._console = descriptors[0]
                case b"E":
                    raise LaunchFailedError(
                        Blame.from_json(packet[1:]), killed_for_memory=self._killed_for_memory()
                    )
                case _:
                    break
        if self._killed_for_memory():
            blame = Blame("run the program", "Execute", errno.ENOMEM, "killed for want of memory")
            raise LaunchFailedError(blame, killed_for_memory=self._plan.memory)
        if self._console < 0:
            raise LaunchFailedError(
                Blame("start", "Launcher", 0, "ended before its console opened")
            )

    def _killed_for_memory(self) -> int:
        return self._plan.memory if self._group.oom_kills() else 0

    @contextlib.contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        except (TreeRefusedError, links.NetworkRefusedError) as refusal:
            raise self._refused(name, refusal) from refusal
        except OSError as error:
            blame = Blame(name, "Launcher", error.errno or 0, error.strerror or str(error),
                          str(error.filename or ""))  # fmt: skip
            raise LaunchFailedError(blame) from error
        self._steps.append((name, round((time.monotonic() - begun) * 1000, 3)))

    def _refused(
        self, step: str, refusal: TreeRefusedError | links.NetworkRefusedError
    ) -> LaunchFailedError:
        guilty = refusal.mount if isinstance(refusal, TreeRefusedError) else self._plan.link
        line, column = (guilty.line, guilty.column) if guilty else (0, 0)
        blame = Blame(step, "", 0, refusal.message, line=line, column=column)
        return LaunchFailedError(blame, refusal.hint)

    def _take_back(self) -> None:
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
        for descriptor in (self._pidfd, self._console):
            if descriptor >= 0:
                os.close(descriptor)
        undo_all(self._plan, self._group)


def undo_all(plan: LaunchPlan, group: cgroups.Group) -> None:
    """Network, control group and mount points of a container without processes; safe to repeat."""
    runtime = Path(plan.runtime)
    undo: list[Callable[[], object]] = [lambda: _remove_group(group), MountPoints(runtime).clean]
    if plan.link is not None:
        link = plan.link
        undo.insert(0, lambda: _disconnect(runtime.parent, link))
    failures = []
    for step in undo:
        try:
            step()
        except OSError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _disconnect(runtimes: Path, link: LinkPlan) -> None:
    with links.changing_links(runtimes):
        links.disconnect(link)


def _remove_group(group: cgroups.Group) -> None:
    group.kill()
    deadline = time.monotonic() + 5
    while not group.remove():
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, "processes do not leave the control group")
        time.sleep(0.002)
