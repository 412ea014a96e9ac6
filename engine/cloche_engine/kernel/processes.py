"""What the kernel tells of one process (proc(5))."""

from __future__ import annotations

from cloche_engine.kernel import files


def is_stopped(pid: int) -> bool:
    """Whether a signal or a debugger holds it; no where there is no such process."""
    try:
        _, _, behind = files.read(f"/proc/{pid}/stat").rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return behind.split()[0] in {"T", "t"}


def name_of(pid: int) -> str:
    """The name that it goes by; empty where there is no such process."""
    try:
        return files.read(f"/proc/{pid}/comm").rstrip("\n")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children_of(pid: int) -> list[int]:
    """Those of its first thread; none where there is no such process."""
    try:
        return [int(child) for child in files.read(f"/proc/{pid}/task/{pid}/children").split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def pid_behind(pidfd: int) -> int:
    """The process that a pidfd is of, in our own pid namespace; -1 where it was waited for."""
    lines = files.read(f"/proc/self/fdinfo/{pidfd}").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))
