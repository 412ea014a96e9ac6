"""A start as its parent sees it: group, id maps, trees, network, then the child's list.

monitor                                child (cloned ahead with six namespaces)
| write id maps, open trees, veth      |  waits
| --- D names + descriptors ---------> |
| --- S surroundings, P plan --------> |  the list of sandbox.init
| <-- F console + pty master --------- |
| <-- E blame, or end of file -------- |  failed, or the program runs
"""

from __future__ import annotations

import contextlib
import errno
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
from cloche_engine.kernel.syscalls import FilterProgram, clone3
from cloche_engine.sandbox.devices import NODES
from cloche_engine.sandbox.init import await_plan_and_run
from cloche_engine.sandbox.operation import Blame
from cloche_engine.sandbox.plan import HostRoot, LaunchPlan, LinkPlan, Surroundings

_NAMESPACES = (
    k.CLONE_NEWUSER | k.CLONE_NEWNS | k.CLONE_NEWPID | k.CLONE_NEWUTS | k.CLONE_NEWIPC
    | k.CLONE_NEWNET
)  # fmt: skip


_SAMPLE = LaunchPlan(
    uuid="0" * 32, name="sample", hostname="sample", argv=("/bin/sh",), environment=(),
    directory="", user="", group="", root="", root_readonly=False, mounts=(), link=None,
    nameservers=(), id_base=0, id_count=65536, cpu_shares=0, memory=0, processes=0,
    cgroup="sample", runtime="/nowhere", log="/nowhere", exit_record="/nowhere",
).to_json()  # fmt: skip


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


@dataclass(slots=True)
class Child:
    """A process in namespaces of its own that waits for its plan at the other end of the link."""

    pid: int
    pidfd: int
    link: socket.socket
    berth: str

    def kill(self) -> None:
        """End it and forget it; its berth stays."""
        self.link.close()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
        os.close(self.pidfd)


def clone_ahead(warm: Warm, groups: str) -> Child:
    """Make the namespaces and the process before anyone asks: the dearest call of a start."""
    berth = cgroups.make_berth(warm.layout, groups)
    nest = cgroups.Group(warm.layout, berth, berth).open_berth()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        pid, pidfd = clone3(_NAMESPACES, nest)
        if pid == 0:
            ours.close()
            await_plan_and_run(theirs, warm.filters)
    except OSError:
        ours.close()
        cgroups.sweep(warm.layout, groups)
        raise
    finally:
        theirs.close()
        if nest >= 0:
            os.close(nest)
    _hand_over_nodes(ours)
    send_packet(ours, b"R" + _SAMPLE.encode())
    return Child(pid, pidfd, ours, berth)


def rehearse(warm: Warm) -> None:
    """Go through a start as far as nothing is made, so that the real one is quick."""
    plan = LaunchPlan.from_json(_SAMPLE)
    plan.to_json()
    creatable(plan, roots.check_sources(plan))
    MountPoints(Path("/nowhere/made")).prepare(plan, [])
    Launcher(plan, warm, None)


def _hand_over_nodes(link: socket.socket) -> None:
    nodes = roots.open_nodes(NODES)
    try:
        _hand_over(link, nodes)
    finally:
        for node in nodes.values():
            os.close(node)


def _hand_over(link: socket.socket, opened: dict[str, int]) -> None:
    names = list(opened)
    for at in range(0, len(names), 32):
        part = names[at : at + 32]
        packet = b"D" + "\n".join(part).encode()
        send_packet(link, packet, [opened[name] for name in part])


class Launcher:
    """One start, step by step with times; on failure it takes back what was done."""

    def __init__(self, plan: LaunchPlan, warm: Warm, child: Child | None) -> None:
        self._plan = plan
        self._warm = warm
        self._child = child
        self._runtime = Path(plan.runtime)
        self._group = cgroups.Group(warm.layout, plan.cgroup, child.berth if child else "")
        self._steps: list[tuple[str, float]] = []
        self._console = -1

    @property
    def filters(self) -> tuple[FilterProgram, ...]:
        """The seccomp filters, which later programs get too."""
        return self._warm.filters

    def launch(self) -> Launched:
        """Start it; LaunchFailedError with everything taken back."""
        try:
            child = self._launch()
        except BaseException:
            self._take_back()
            raise
        return Launched(self._plan, child.pid, child.pidfd, self._console, self._group, self._steps)

    def _launch(self) -> Child:
        plan = self._plan
        with self._step("look at the sources"):
            directories = roots.check_sources(plan)
            may_create = creatable(plan, directories)
            shared = None if plan.root else roots.host_root()
            around = Surroundings(tuple(directories), tuple(may_create), shared)
        with self._step("make missing mount points"):
            MountPoints(self._runtime).prepare(plan, directories)
        with self._step("make the namespaces"):
            child = self._have_child()
        with child.link:
            with self._step("map its users"):
                self._write_id_maps(child.pid)
                send_packet(child.link, b"S" + around.to_json().encode())
                send_packet(child.link, b"P" + plan.to_json().encode())
            self._equip(child, around)
            with self._step("run the container's own steps"):
                self._await_program(child.link)
        return child

    def _have_child(self) -> Child:
        if self._child is None:
            self._child = clone_ahead(self._warm, os.path.dirname(self._plan.cgroup))
            self._group = cgroups.Group(self._warm.layout, self._plan.cgroup, self._child.berth)
        return self._child

    def _equip(self, child: Child, around: Surroundings) -> None:
        """Make what it needs from outside, while it prepares itself inside."""
        plan = self._plan
        with self._step("make the control group and set its limits"):
            self._group.create()
            self._group.apply(cgroups.Limits(plan.cpu_shares, plan.memory, plan.processes))
        if plan.link is not None:
            with self._step("connect its network"):
                self._connect_network(plan.link, child.pid)
        with self._step("open its trees"), self._opened(child.pid, around.host_root) as opened:
            _hand_over(child.link, opened)
            send_packet(child.link, b"G")

    def _write_id_maps(self, pid: int) -> None:
        line = f"0 {self._plan.id_base} {self._plan.id_count}"
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{name}").write_text(line)

    def _connect_network(self, link: LinkPlan, pid: int) -> None:
        netns = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            with links.changing_links(self._runtime.parent):
                links.connect(link, netns)
        finally:
            os.close(netns)

    @contextlib.contextmanager
    def _opened(self, pid: int, shared: HostRoot | None) -> Iterator[dict[str, int]]:
        opened: dict[str, int] = {}
        userns = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        try:
            files = enumerate(self._group.open_tasks())
            opened |= {f"group:{number}": file for number, file in files}
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
        if self._child is not None:
            self._child.kill()
        if self._console >= 0:
            os.close(self._console)
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
