"""The terminals that the console is measured beside, and how each is started with a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OURS = "cloche"
_HERE = Path(__file__).parent
_SYSTEM_PYTHON = "/usr/bin/python3"
_LONGEST_END = 10


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal emulator: its name, and its command line before the program's."""

    name: str
    command: tuple[str, ...]

    @contextmanager
    def running(self, program: list[str], home: Path, display: str) -> Iterator[None]:
        """Runs the program in it; both are gone afterwards."""
        environment = {
            **os.environ,
            "DISPLAY": display,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "QT_QPA_PLATFORM": "xcb",
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
            "LANG": "C.UTF-8",
        }
        with subprocess.Popen(
            [*self.command, *program], env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                yield
            finally:
                process.terminate()
                try:
                    process.wait(_LONGEST_END)
                except subprocess.TimeoutExpired:
                    process.kill()


def ours(*options: str) -> Terminal:
    """Our widget in a window of its own."""
    return Terminal(OURS, (sys.executable, "-m", "tests.bench.console_window", *options))


def installed() -> list[Terminal]:
    """Ours, and the peers that are installed."""
    found = [ours()]
    if shutil.which("konsole"):
        options = ("--nofork", "--hide-menubar", "--hide-tabbar", "-p", "HistorySize=10000", "-e")
        found.append(Terminal("konsole", ("konsole", *options)))
    if _has_vte():
        found.append(Terminal("VTE", (_SYSTEM_PYTHON, str(_HERE / "console_vte.py"))))
    if shutil.which("xterm"):
        found.append(Terminal("xterm", ("xterm", "-sl", "10000", "-fa", "DejaVu Sans Mono", "-e")))
    return found


def _has_vte() -> bool:
    check = "import gi; gi.require_version('Vte', '2.91'); from gi.repository import Vte"
    command = [_SYSTEM_PYTHON, "-c", check]
    return (
        Path(_SYSTEM_PYTHON).exists()
        and not subprocess.run(command, check=False, capture_output=True).returncode
    )
