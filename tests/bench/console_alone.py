"""`python -m tests.bench.console_alone FOLDER DISPLAY`: memory of a console, time to attach."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtWidgets import QApplication  # noqa: TID251 - it is one
from tests.bench import private
from tests.bench.console_window import Monitored

from cloche_engine.api.client import Engine
from cloche_gui.services.console import ConsoleLink
from cloche_gui.widgets.terminal.widget import TerminalWidget

ROUNDS = 7
_LINES = 10_000
_DOCUMENT = """<domain type='linuxcontainer'>
  <name>bench-console</name>
  <container>
    <filesystem type='mount'><source dir='{root}'/><target dir='/'/></filesystem>
    <application>/bin/busybox</application><arg>sh</arg><arg>-c</arg>
    <arg>i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo line $i of the container; done;
      /bin/busybox sleep 1000</arg>
  </container>
  <memory unit='MiB'>64</memory>
</domain>
"""


def _resident() -> float:
    """MB in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _until(application: QApplication, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        application.processEvents()
        if time.monotonic() > deadline:
            raise TimeoutError("the console did not show it")


def _shown(application: QApplication) -> TerminalWidget:
    terminal = TerminalWidget()
    terminal.resize(terminal.sizeHint())
    terminal.show()
    _until(application, terminal.isVisible)
    return terminal


def _say_lines(application: QApplication, terminal: TerminalWidget) -> None:
    """A program says them, through a monitor."""
    program = Monitored(terminal, ["seq", "-f", "%079.0f", str(_LINES)])
    _until(application, lambda: program.has_ended and not terminal.backlog)
    program.end()
    if program.lost:
        raise RuntimeError(f"{program.lost} bytes of the program were lost")


def memory(application: QApplication) -> list[float]:
    """What one more console with 10,000 lines of 79 characters takes."""
    consoles = [_shown(application)]
    _say_lines(application, consoles[0])
    taken = []
    for _ in range(5):
        before = _resident()
        consoles.append(_shown(application))
        _say_lines(application, consoles[-1])
        consoles[-1].screen_lines()
        application.processEvents()
        taken.append(_resident() - before)
    kept = consoles[-1]._core.position.total
    if kept < _LINES:
        raise RuntimeError(f"only {kept} lines were kept")
    return taken


async def _attach(application: QApplication, engine: Engine, uuid: str) -> float:
    """From asking for the console until its last line is on the screen."""
    terminal = _shown(application)
    terminal.reset()
    start = time.perf_counter()
    sock = await engine.open_console(uuid, terminal.rows, terminal.columns)
    link = ConsoleLink(sock, terminal, lambda: terminal.backlog)
    link.output.connect(lambda output, is_old: terminal.feed(output, answer=not is_old))
    _until(application, lambda: "line 5000 of the container" in terminal.screen_lines())
    terminal.repaint()
    taken = (time.perf_counter() - start) * 1000
    link.close()
    terminal.close()
    terminal.deleteLater()
    return taken


async def attaching(application: QApplication, folder: Path) -> list[float]:
    """Several times, to a container of a private engine that runs and has said 150 kB."""
    root = folder / "console-root"
    (root / "bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    async with private.private_engine(folder / "console-state") as engine:
        container = await engine.define(_DOCUMENT.format(root=root).encode())
        uuid = container.uuid
        await engine.start(uuid)
        await asyncio.sleep(0.5)
        return [await _attach(application, engine, uuid) for _ in range(ROUNDS + 1)][1:]


def main() -> int:
    """Print one line of figures each."""
    folder, os.environ["DISPLAY"] = Path(sys.argv[1]), sys.argv[2]
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    application = QApplication(sys.argv[:1])
    for name, unit, taken in (
        ("10,000 lines", "MB", memory(application)),
        ("attach", "ms", asyncio.run(attaching(application, folder))),
    ):
        sys.stdout.write("\t".join([name, unit, *map(str, taken)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
