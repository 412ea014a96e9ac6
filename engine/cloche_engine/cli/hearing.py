"""Whether a signal that is sent to a container's first process would be felt there."""

from __future__ import annotations

import signal
from pathlib import Path

_ALWAYS = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT}


def is_dropped(pid: int | None, number: int) -> bool:
    """Whether the kernel drops the signal: an init feels what it catches (pid_namespaces(7)).

    Not where nothing is known of the process: it has ended, or /proc hides it.
    """
    if pid is None or number in _ALWAYS:
        return False
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    masks = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    felt = int(masks.get("SigCgt", "0"), 16) | int(masks.get("SigBlk", "0"), 16)
    return not felt >> (number - 1) & 1
