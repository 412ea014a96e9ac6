"""The group of one container, of one name in every tree: made, joined, frozen, killed, removed."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import time
from pathlib import Path

from cloche_engine.host.cgroups.tree import Layout, make, remove_upwards
from cloche_engine.kernel import files

_ROUNDS = 100
"""Looks at a group that is filled faster than it is killed; a fork bomb of v1 ends sooner."""
_DELEGATED = ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads")
_WITHIN = (("cgroup.max.depth", "32"), ("cgroup.max.descendants", "4096"))
"""Groups that an init may make: memory of the host's, and each has to be removed in the end."""
_BERTH = "entered"
_MOMENT = 0.002
"""Seconds between two looks at a group that cannot tell."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Group:
    """A group of one name in every tree; in the unified one its first process is born in it.

    To move a process there later waits for a lock of the kernel, 16 ms, whereas in a v1 tree a
    thread moves itself at once.
    """

    def __init__(self, layout: Layout, name: str) -> None:
        self.layout = layout
        self.name = name

    def create(self) -> None:
        """Make it in every tree; PermissionError or OSError say where it cannot be."""
        for tree in self.layout.hierarchies:
            make(tree, self.name)

    @property
    def is_whole(self) -> bool:
        """Whether it is still there in every tree."""
        return all(
            os.access(f"{tree.path}/{self.name}", os.F_OK) for tree in self.layout.hierarchies
        )

    def folder(self, controller: str) -> str | None:
        """Where it is in the tree that has a controller; None where the host has no such tree."""
        tree = self.layout.with_controller(controller)
        return f"{tree.path}/{self.name}" if tree else None

    @property
    def unified(self) -> str | None:
        """Where it is in the unified tree, if there is one."""
        tree = self.layout.unified
        return f"{tree.path}/{self.name}" if tree else None

    def open_tasks(self) -> list[int]:
        """Descriptors of the v1 files that a thread writes 0 to in order to join."""
        return [
            os.open(f"{tree.path}/{self.name}/tasks", os.O_WRONLY | os.O_CLOEXEC)
            for tree in self.layout.hierarchies
            if tree.version == 1
        ]

    def open_unified(self) -> int:
        """A descriptor of it in the unified tree to be born in; -1 where there is none."""
        if self.unified is None:
            return -1
        return os.open(self.unified, _FOLDER)

    def open_berth(self) -> int:
        """The same for programs that come later, in a group inside it.

        The kernel lets no process into a group whose controllers were passed on to others in it.
        """
        if self.unified is None:
            return -1
        berth = f"{self.unified}/{_BERTH}"
        with contextlib.suppress(FileExistsError):
            Path(berth).mkdir()
        return os.open(berth, _FOLDER | os.O_NOFOLLOW)

    def delegate(self, user: int, group: int) -> None:
        """Let an init divide it in the unified tree (Documentation/admin-guide/cgroup-v2.rst).

        Its limits stay the host's: the files of them are in the group itself.
        """
        if self.unified is not None:
            for name, most in _WITHIN:
                files.write(f"{self.unified}/{name}", most)
            for name in ("", *_DELEGATED):
                os.chown(f"{self.unified}/{name}", user, group)

    def freeze(self, *, frozen: bool) -> None:
        """Stop or continue every process in it; OSError where the host cannot."""
        if self.unified is None:
            raise OSError(
                errno.ENOTSUP, "this host has no unified control group tree to pause with"
            )
        files.write(f"{self.unified}/cgroup.freeze", "1" if frozen else "0")

    def kill(self) -> None:
        """Kill whatever is left in it, also where new ones are born meanwhile."""
        try:
            if self.unified is not None:
                files.write(f"{self.unified}/cgroup.kill", "1")
                return
        except OSError:  # before Linux 5.14
            pass
        self._kill_each()

    def _kill_each(self) -> None:
        """One by one, frozen where that can be, until none is left that was not killed."""
        with contextlib.suppress(OSError):
            self.freeze(frozen=True)
        killed: set[int] = set()
        for _ in range(_ROUNDS):
            found = set(self.processes()) - killed
            if not found:
                break
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed |= found
        with contextlib.suppress(OSError):
            self.freeze(frozen=False)

    def processes(self) -> list[int]:
        """The processes in it, by their pids on the host."""
        found: set[int] = set()
        for tree in self.layout.hierarchies:
            for folder, _names, _files in os.walk(f"{tree.path}/{self.name}"):
                with contextlib.suppress(OSError), Path(folder, "cgroup.procs").open() as file:
                    found.update(map(int, file))
        return sorted(found)

    def await_empty(self, seconds: float) -> None:
        """Wait until its last process is gone, at most so long; where no tree tells, a moment."""
        if self.unified is None or not _await_change(f"{self.unified}/cgroup.events", seconds):
            time.sleep(_MOMENT)

    def remove(self) -> bool:
        """Take it away in every tree, with empty parents; False while processes are in it."""
        trees = self.layout.hierarchies
        gone = [remove_upwards(tree.path, self.name) for tree in trees]
        return all(gone)


def _await_change(events: str, seconds: float) -> bool:
    """Wait for news of a group that has processes; False where it has none."""
    try:
        file = os.open(events, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if b"populated 1" not in os.read(file, 4096):  # what changes from here on is told
            return False
        poll = select.poll()
        poll.register(file, select.POLLPRI)
        poll.poll(seconds * 1000)
    except OSError:  # it was removed just now
        return False
    finally:
        os.close(file)
    return True
