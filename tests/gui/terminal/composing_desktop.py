"""A desktop with a Korean input method and a console, in this process and its children.

Not to be imported: the program that test_input_method.py runs in a process namespace, so that
nothing that ibus starts outlives it. It tells each state of the console as a line of JSON, beside
it as a picture, and ends with its input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from PyQt6.QtCore import QSocketNotifier, QTimer
from PyQt6.QtWidgets import QApplication  # noqa: TID251 - it ends it
from PyQt6.sip import voidptr
from tests.gui.terminal.pixels import painted
from tests.gui.terminal.program import Program

from cloche_gui.__main__ import make_application
from cloche_gui.widgets.terminal.theme import DARK
from cloche_gui.widgets.terminal.widget import TerminalWidget

_LOOK_AGAIN_MS = 20
_PATIENCE = 15.0
_ANSWER = 3
_ENGINE = "hangul"


def _start_bus(place: Path) -> None:
    address = f"unix:path={place / 'bus'}"
    words = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"]
    bus = subprocess.Popen([*words, "--print-address"], stdout=subprocess.PIPE)
    assert bus.stdout is not None
    if not bus.stdout.readline():  # it says its address when it listens
        sys.exit("the bus did not come up")
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = address


def _start_input_method(place: Path, config: str) -> None:
    words = ["ibus-daemon", "--panel=disable", "--emoji-extension=disable", "--cache=none"]
    words += [f"--config={config}", f"--address=unix:path={place / 'ibus'}"]
    daemon = subprocess.Popen(words, stdout=sys.stderr)
    latest = time.monotonic() + _PATIENCE
    while not _is_composing():
        if daemon.poll() is not None:
            sys.exit(f"ibus-daemon ended with {daemon.returncode}")
        if time.monotonic() > latest:
            sys.exit(f"ibus did not take the engine {_ENGINE} within {_PATIENCE:.0f} s")


def _is_composing() -> bool:
    """Ask ibus for the engine; it is not there until the daemon is, and its engine."""
    return _ibus("engine", _ENGINE) is not None and _ibus("engine") == _ENGINE


def _ibus(*words: str) -> str | None:
    """Its answer; ibus never answers some of those who ask while it starts."""
    words = ("timeout", str(_ANSWER), "ibus", *words)
    asked = subprocess.run(words, capture_output=True, text=True, check=False)
    return None if asked.returncode else asked.stdout.strip()


class _Witness:
    """Tells what the console shows, has sent, and composes, whenever that changes."""

    def __init__(self, console: TerminalWidget, place: Path) -> None:
        self._console, self._place = console, place
        self._told: dict[str, object] = {}
        self._sent, self._count = "", 0
        console.typed.connect(self._send)
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK_AGAIN_MS)

    def _send(self, data: bytes) -> None:
        self._sent += data.decode()

    def _look(self) -> None:
        console = self._console
        if not console.isActiveWindow():
            console.activateWindow()  # a window manager would see to that; here is none
        seen: dict[str, object] = {
            "has_keyboard": console.isActiveWindow() and console.hasFocus(),
            "composed": console._preedit.text,
            "sent": self._sent,
            "lines": [line.rstrip() for line in console.screen_lines()],
            "cell": console._display.cell_size,
        }
        if seen == self._told:
            return
        self._told, self._count = seen, self._count + 1
        picture = self._place / f"{self._count}.png"
        painted(console).save(str(picture))
        sys.stdout.write(json.dumps(seen | {"picture": str(picture)}) + "\n")
        sys.stdout.flush()


def _main(place: Path, config: str, argv: list[str]) -> None:
    _start_bus(place)
    _start_input_method(place, config)
    app = make_application()
    console = TerminalWidget()
    console.set_theme(DARK)
    console.resize(console.sizeHint())
    console.show()
    console.activateWindow()
    console.setFocus()
    program, witness = Program(console, argv, place), _Witness(console, place)
    input_ends = QSocketNotifier(QSocketNotifier.Type.Read)
    input_ends.setSocket(voidptr(sys.stdin.fileno()))
    input_ends.setEnabled(True)
    input_ends.activated.connect(QApplication.quit)
    app.exec()
    del witness
    program.close()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
