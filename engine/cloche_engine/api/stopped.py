"""A process that a signal or a debugger holds, and what its callers are told."""

from __future__ import annotations

from pathlib import Path

from cloche_engine.api.errors import UnavailableError


class UnansweredError(UnavailableError):
    """The helper, or the message bus, is there but answers nothing: it is held, or too busy."""


def stopped_error(who: str, pid: int) -> UnansweredError:
    """What to tell of a process that is stopped."""
    return UnansweredError(
        f"{who} does not answer: process {pid} is stopped (SIGSTOP)",
        f"let it go on, as root: kill -CONT {pid}; then try again",
    )


def is_stopped(pid: int) -> bool:
    """Whether a signal or a debugger holds a process (proc(5)); no where it cannot be seen."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"T", "t"}
    except (OSError, IndexError):
        return False
