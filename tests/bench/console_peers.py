"""The terminals that the console is measured beside, and how each is started with a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OURS = "cloche"
_HERE = Path(__file__).parent
_SYSTEM_PYTHON = "/usr/bin/python3"
_LONGEST_END = 10
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """A terminal while it runs, and where it writes what is wrong."""

    name: str
    process: subprocess.Popen[bytes]
    errors: Path

    def awaited(self, report: Path, patience: float) -> list[str]:
        """The lines of its program's report; RuntimeError where it ends or hangs without one."""
        deadline = time.monotonic() + patience
        while not report.exists():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not show its program's output")
            if self.process.poll() is not None and not report.exists():
                why = self.errors.read_text(errors="replace").strip()[-400:]
                raise RuntimeError(f"{self.name} ended early: {why}")
            time.sleep(_PAUSE)
        lines = report.read_text().splitlines()
        report.unlink()
        return lines


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal emulator: its name, and its command line before the program's."""

    name: str
    command: tuple[str, ...]

    @contextmanager
    def running(self, program: list[str], home: Path, display: str) -> Iterator[Running]:
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
        errors = home / "errors"
        with errors.open("wb") as file, subprocess.Popen(
            [*self.command, *program], env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file,
        ) as process:  # fmt: skip
            try:
                yield Running(self.name, process, errors)
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
