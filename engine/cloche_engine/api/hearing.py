"""What becomes of signals that are sent to a container's first process (proc(5), signal(7))."""

from __future__ import annotations

import signal
from pathlib import Path

_ALWAYS = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT}


def handles_signal(pid: int, number: int) -> bool:
    """Whether a process catches or blocks a signal; not where nothing is known of it."""
    felt = _felt(pid)
    return felt is not None and _has(felt, number)


def is_dropped(pid: int | None, number: int) -> bool:
    """Whether the kernel drops the signal: an init feels what it catches (pid_namespaces(7)).

    Not where nothing is known of the process: it has ended, or /proc hides it.
    """
    if pid is None or number in _ALWAYS:
        return False
    felt = _felt(pid)
    return felt is not None and not _has(felt, number)


def is_dying(pid: int) -> bool:
    """Whether a process has ended, or a SIGKILL was sent to it of which it will."""
    seen = _status(pid)
    pending = _mask(seen, "SigPnd") | _mask(seen, "ShdPnd")
    return not seen or seen.get("State", "Z")[0] in "ZX" or _has(pending, signal.SIGKILL)


def _felt(pid: int) -> int | None:
    """The signals that it catches or blocks, as a mask; None where nothing is known of it."""
    seen = _status(pid)
    return _mask(seen, "SigCgt") | _mask(seen, "SigBlk") if seen else None


def _status(pid: int) -> dict[str, str]:
    """What the kernel tells of a process, nothing where it tells nothing."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)


def _mask(seen: dict[str, str], name: str) -> int:
    return int(seen.get(name, "0"), 16)


def _has(mask: int, number: int) -> bool:
    return bool(mask >> (number - 1) & 1)
