"""A start as it is made from outside: id maps, limits, trees, network, then the child's list.

launcher                               child (cloned ahead with six namespaces)
| --- D descriptors, A ahead, R ------> |  what needs no plan; a rehearsal; waits
| --- P plan, M id maps written ------> |  root, console, files, pivot_root
| opens the trees                       |  waits
| --- D names + descriptors ----------> |
| --- T trees, surroundings ----------> |  the tree of mounts
| makes its links                       |
| --- N links ------------------------> |  addresses, routes, terminal
| sets the limits                       |
| --- G go ---------------------------> |  groups, identity, program
monitor                                |
| <-- F console + pty master ---------- |
| <-- S its steps and their times ----- |
| <-- E blame, or end of file --------- |  failed, or the program runs

A prepared start has M, its links and N, and its limits long before T and G.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cloche_engine.host import apparmor, dev
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.guarantee import release
from cloche_engine.host.cgroups.limits import apply
from cloche_engine.host.cgroups.setting import LimitError
from cloche_engine.host.network.links import changing_links, connect, disconnect
from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.host.network.waiting import (
    WaitingLink,
    connect_waiting,
    remove_waiting,
    switch_on,
)
from cloche_engine.host.rlimits import make_room
from cloche_engine.host.storage import roots
from cloche_engine.host.storage.mount_points import MountPoints, creatable
from cloche_engine.host.storage.refused import TreeRefusedError
from cloche_engine.host.storage.sources import check_sources
from cloche_engine.kernel import files
from cloche_engine.kernel.refusal import call_of
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.protocol import Fields
from cloche_engine.monitor.relief import may_be_slowed
from cloche_engine.sandbox.operation import Blame
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.links import LinkPlan
from cloche_engine.sandbox.plan.mounts import HostRoot, Surroundings

_HURRIED = -15
"""How nice a child is until it becomes the program: with few processors it would wait for us, the
monitor, and those whom the helper tells of the start."""
OTHER_LIMIT = "choose another value, or take it out of the definition"


class LaunchFailedError(Exception):
    """The container did not start and nothing of it is left; fields as JSON carries them."""

    def __init__(self, blame: Blame, hint: str = "", killed_for_memory: int = 0) -> None:
        super().__init__(blame.text)
        self.fields: Fields = {
            **blame.fields(), "hint": hint, "killed_for_memory": killed_for_memory
        }  # fmt: skip

    @classmethod
    def from_fields(cls, fields: Fields) -> LaunchFailedError:
        """The one that has these fields."""
        error = cls(Blame(**{name: fields[name] for name in Blame.__slots__}))
        error.fields = fields
        return error


@dataclass(slots=True)
class Account:
    """What was done outside, and when it began and ended by the monotonic clock."""

    begun: float = field(default_factory=time.monotonic)
    outside: list[tuple[str, float, float]] = field(default_factory=list)

    def to_json(self) -> str:
        """One object."""
        return json.dumps({"begun": self.begun, "outside": self.outside})


class Launcher:
    """One start, step by step with times; `trouble` is why there is no child, or no whole one."""

    def __init__(self, text: str, child: Child | None, trouble: OSError | None) -> None:
        if child is not None:
            child.tell(b"P" + text.encode())  # it reads the plan while we do
        self.plan = plan = LaunchPlan.from_json(text)
        self._child = child
        self._trouble = trouble
        self._runtime = Path(plan.runtime)
        self.netns = -1
        self._is_connected = False
        self._waiting: tuple[WaitingLink, ...] = ()
        self._rounded: list[str] = []
        self.account = Account()

    def launch(self) -> Fields:
        """Do all that the child needs to become the program; what to tell; LaunchFailedError."""
        child = self._mapped()
        self._open_trees(child)
        self._connect(child)
        self._limit(child)
        return self._go(child)

    def prepare(self, *, connects: bool) -> bool:
        """Go as far as nobody notices, with links that are switched off; whether the child could.

        LaunchFailedError where this side could not.
        """
        child = self._mapped()
        if connects:
            self._connect(child, waits=True)
        self._limit(child)
        return child.is_done()

    def launch_prepared(self) -> Fields:
        """Do the rest of `launch`."""
        child = self._whole_child()
        if self._waiting:
            with self._step("switch its network on"):
                switch_on(self._waiting)
        self._open_trees(child)
        if not self._is_connected:
            self._connect(child)
        if not child.group.is_whole:
            self._limit(child)
        return self._go(child)

    def give_up(self) -> None:
        """Take away what `prepare` made on the host; all else ends with the processes."""
        with contextlib.suppress(OSError):
            remove_waiting(self._waiting)

    def _mapped(self) -> Child:
        with self._step("make the namespaces"):
            child = self._whole_child()
        with self._step("map its users"):
            self._hurry(child.pid)
            self._write_id_maps(child.pid)
            dev.give_dev(child.dev, *self.plan.owner)
            child.tell(b"M")
        return child

    def _open_trees(self, child: Child) -> None:
        plan = self.plan
        with self._step("look at the sources"):
            directories = check_sources(plan)
            may_create = creatable(plan, directories)
            shared = None if plan.root else roots.host_root()
            around = Surroundings(tuple(directories), tuple(may_create), shared)
        with self._step("make missing mount points"):
            MountPoints(self._runtime).prepare(plan, directories)
        with self._step("open its trees"), self._opened(child.pid, shared) as opened:
            child.hand_over(opened)
            child.tell(b"T" + around.to_json().encode())

    def _connect(self, child: Child, *, waits: bool = False) -> None:
        if self.plan.links:
            with self._step("connect its network"):
                self._connect_network(child.pid, waits=waits)
        child.tell(b"N")
        self._is_connected = True

    def _go(self, child: Child) -> Fields:
        plan = self.plan
        if plan.profile:
            with self._step("load its AppArmor profile"):
                apparmor.load(plan.profile, plan.uuid)
        child.tell(b"G2" if child.group.unified else b"G")
        return {
            "name": plan.name,
            "console": plan.console_bytes,
            "slowed": may_be_slowed(child.group, plan.limits),
            **self.fields(),
        }

    def fields(self) -> Fields:
        """What can be told also where it failed."""
        return {"account": self.account.to_json(), "rounded": self._rounded}

    def _whole_child(self) -> Child:
        if self._child is None or self._trouble:
            raise self._trouble or OSError(errno.ECHILD, os.strerror(errno.ECHILD))
        return self._child

    def _hurry(self, pid: int) -> None:
        """Everybody else at work now can wait, where we may say so; the program is usual again."""
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, pid, _HURRIED)

    def _write_id_maps(self, pid: int) -> None:
        rights = self.plan.rights
        if rights.privileged:
            return
        block = ((0, self.plan.id_base, self.plan.id_count),)
        for name, given in (("uid_map", rights.uid_map), ("gid_map", rights.gid_map)):
            lines = "\n".join(" ".join(map(str, line)) for line in given or block)
            files.write(f"/proc/{pid}/{name}", lines)

    def _connect_network(self, pid: int, *, waits: bool) -> None:
        self.netns = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        with changing_links(self._runtime.parent):
            for link in self.plan.links:
                if waits:
                    self._waiting += (connect_waiting(link, self.netns),)
                else:
                    connect(link, self.netns)

    def _limit(self, child: Child) -> None:
        """Nothing is in the v1 groups of a spare: somebody may have swept them away."""
        with self._step("make the control group and set its limits"):
            if not child.group.is_whole:
                child.group.create()
                child.hand_over_groups()
            self._rounded = apply(child.group, self.plan.limits)
            self._rounded += make_room(child.pid, self.plan.limits.rlimits)
            if self.plan.rights.system:
                child.group.delegate(*self.plan.owner)

    def _open_user_namespace(self, pid: int) -> int:
        """What its trees are mapped by; -1 where it has the host's ids."""
        if self.plan.rights.privileged:
            return -1
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def _opened(self, pid: int, shared: HostRoot | None) -> Iterator[dict[str, int]]:
        opened: dict[str, int] = {}
        userns = self._open_user_namespace(pid)
        try:
            if shared is not None:
                opened |= roots.open_host_directories(shared)
            roots.open_mounts(self.plan, userns, opened)
            yield opened
        finally:
            for descriptor in opened.values():
                os.close(descriptor)
            if userns >= 0:
                os.close(userns)

    @contextlib.contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        except (TreeRefusedError, NetworkRefusedError) as refusal:
            raise self._refused(name, refusal) from refusal
        except LimitError as refused:
            blame = Blame(name, "LimitError", refused.errno or 0, str(refused.strerror),
                          call=call_of(refused))  # fmt: skip
            raise LaunchFailedError(blame, OTHER_LIMIT) from refused
        except OSError as error:
            blame = Blame(name, "Launcher", error.errno or 0, error.strerror or str(error),
                          str(error.filename or ""), call=call_of(error))  # fmt: skip
            raise LaunchFailedError(blame) from error
        self.account.outside.append((name, begun, time.monotonic()))

    def _refused(
        self, step: str, refusal: TreeRefusedError | NetworkRefusedError
    ) -> LaunchFailedError:
        guilty = refusal.mount if isinstance(refusal, TreeRefusedError) else refusal.link
        line, column = (guilty.line, guilty.column) if guilty else (0, 0)
        cause = refusal.__cause__
        number = (cause.errno or 0) if isinstance(cause, OSError) else 0
        blame = Blame(step, type(refusal).__name__, number, refusal.message, line=line,
                      column=column, call=call_of(refusal))  # fmt: skip
        return LaunchFailedError(blame, refusal.hint)


def undo_all(plan: LaunchPlan, group: Group | None, netns: int = -1) -> None:
    """Network, control group and mount points of a container without processes; safe to repeat.

    The namespace is closed: what of the host's is still in it has been taken out then.
    """
    runtime = Path(plan.runtime)
    undo: list[Callable[[], object]] = [MountPoints(runtime).clean]
    if group is not None:
        remains = group
        undo.append(lambda: remove_group(remains))
    if plan.profile:
        undo.append(lambda: apparmor.unload(plan.uuid))
    if plan.links:
        undo.insert(0, lambda: _disconnect(runtime.parent, plan.links, netns))
    failures = []
    for step in undo:
        try:
            step()
        except OSError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _disconnect(runtimes: Path, connected: tuple[LinkPlan, ...], netns: int) -> None:
    try:
        with changing_links(runtimes):
            for link in connected:
                disconnect(link, netns)
    finally:
        if netns >= 0:
            os.close(netns)


def remove_group(group: Group) -> None:
    """Kill what is left in a group and remove it, and what was claimed for it above."""
    group.kill()
    deadline = time.monotonic() + 5
    while not group.remove():
        left = deadline - time.monotonic()
        if left < 0:
            raise OSError(errno.EBUSY, "processes do not leave the control group")
        group.await_empty(left)
    release(group)
