"""The helper that a window has started for itself: found, killed, ended."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from tests.bus import world

from cloche_engine.api.connect import connect


def helper_pid(directory: Path) -> int | None:
    """The helper of a directory among our children, while it runs."""
    words = f"\0--private\0{directory}\0".encode()
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in map(int, children.read_text().split()):
            if words in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return None


def kill_helper(directory: Path) -> None:
    """End it as the kernel would when memory runs out."""
    pid = helper_pid(directory)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


async def end_helper(directory: Path) -> None:
    """End its containers, then the helper."""
    pid = helper_pid(directory)
    if pid is None:
        return
    engine = await connect(f"private:{directory}")
    for container in await engine.containers():
        if container.state.can_kill:
            await engine.kill(container.uuid)
    await engine.close()
    os.kill(pid, signal.SIGTERM)
    await asyncio.to_thread(world.gone, pid)
