"""From the start of the window's process until its list is filled and painted, under Xvfb.

The real `main` of the window runs in a process of its own (window_probe.py), against a private
helper that runs already. Beside it: the floor, an empty Qt window of the same interpreter.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import figures, private

ROUNDS = 11
CONTAINERS = 10
_FLOOR = "an empty Qt window"
_EMPTY = """
import sys
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv)
window = QMainWindow()
window.show()
QTimer.singleShot(0, application.quit)
application.exec()
"""


def measure() -> figures.Report:
    """The window with ten containers in its list, and the floor."""
    with private.folder() as folder, virtual_screen() as display:
        return asyncio.run(_measure(folder, display))


async def _measure(folder: Path, display: str) -> figures.Report:
    state = folder / "state"
    probe = [sys.executable, "-m", "tests.bench.window_probe", "--connect", f"private:{state}"]
    environment = {
        **os.environ,
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    async with private.private_engine(state) as engine:
        for number in range(CONTAINERS):
            await engine.define(private.document(f"bench-{number}", folder))
        contenders = {
            "cloche, list filled": lambda: _until_ready(probe, environment),
            _FLOOR: lambda: _until_ready([sys.executable, "-c", _EMPTY], environment),
        }
        found = await figures.interleave("window", contenders, ROUNDS)
    return figures.Report(found, frozenset({_FLOOR}))


def _until_ready(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        command, env=environment, timeout=60, capture_output=True, text=True, check=False
    )
    taken = figures.milliseconds(started)
    if done.returncode:
        raise RuntimeError(f"the window ended with status {done.returncode}: {done.stderr.strip()}")
    return taken


@contextmanager
def virtual_screen() -> Iterator[str]:
    """The name of an Xvfb display that ends with the block."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1280x800x24",
        "-nolisten",
        "tcp",
    ]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as number:
                yield f":{number.readline().strip()}"
        finally:
            server.terminate()
