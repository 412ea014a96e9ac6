"""What the kernel tells of a process (proc(5))."""

from __future__ import annotations

from pathlib import Path


def handles_signal(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal.

    An init without one never sees the signal: the kernel drops what it neither catches nor blocks.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    masks = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    bit = 1 << (number - 1)
    return any(int(masks.get(name, "0"), 16) & bit for name in ("SigCgt", "SigBlk"))
