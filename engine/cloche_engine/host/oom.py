"""Who is killed first where the whole machine is short of memory (proc(5), oom_score_adj)."""

from __future__ import annotations

import contextlib

from cloche_engine.kernel import files

_CONTAINER = 100
_OURS = -500


def expose(pid: int | str = "self") -> None:
    """Rather a process of a container than one of the user's, and it cannot take that back."""
    files.write(f"/proc/{pid}/oom_score_adj", str(_CONTAINER))


def spare() -> None:
    """Rather anything else than what watches containers, where this machine allows it."""
    with contextlib.suppress(PermissionError):
        files.write("/proc/self/oom_score_adj", str(_OURS))
