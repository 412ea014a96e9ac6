"""An input method as people have it: ibus composes Korean in the console, keys come from X."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from PyQt6.QtGui import QImage
from tests.gui.screen import Screen

from cloche_gui.widgets.terminal.model import hex_color
from cloche_gui.widgets.terminal.theme import DARK

pytestmark = [pytest.mark.screen, pytest.mark.kernel]

_ROOT = Path(__file__).parents[3]
_PATIENCE = 20.0
_ENGINE = Path("/usr/share/ibus/component/hangul.xml")
_CONFIGS = (Path("/usr/libexec/ibus-memconf"), Path("/usr/lib/ibus/ibus-memconf"))
"""Settings that nobody keeps; without any, the engine does not start."""
_READER = 'echo ready; read -r line; printf %s "$line" >"$HOME/got"; echo "done"'


@dataclass(frozen=True, slots=True)
class Seen:
    """The console at one moment."""

    has_keyboard: bool
    composed: str
    sent: str
    lines: list[str]
    cell: list[int]
    picture: str

    def colors(self, row: int, column: int) -> set[str]:
        """All that is in a cell."""
        image = QImage(self.picture)
        left, top = 4 + column * self.cell[0], 4 + row * self.cell[1]
        across, down = range(left + 1, left + self.cell[0]), range(top, top + self.cell[1])
        return {image.pixelColor(x, y).name() for x in across for y in down}


class Typist:
    """Someone at the keyboard of that desktop, who sees the console."""

    def __init__(self, display: str, said: IO[str], errors: Path) -> None:
        self._environment = os.environ | {"DISPLAY": display}
        self._errors = errors
        self._said: queue.Queue[str | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, args=(said,), daemon=True)
        self._listener.start()
        self._last: Seen | None = None

    def _listen(self, said: IO[str]) -> None:
        for line in said:
            self._said.put(line)
        self._said.put(None)

    def leaves(self) -> None:
        """Wait until the desktop has said its last."""
        self._listener.join(_PATIENCE)

    def keys(self, *chords: str) -> None:
        """Press keys, as the X server has them."""
        words = ["xdotool", "key", *chords]
        subprocess.run(words, check=True, timeout=_PATIENCE, env=self._environment)

    def keys_at_once(self, letters: str) -> None:
        """Press keys faster than anybody types."""
        words = ["xdotool", "key", "--delay", "1", *letters]
        subprocess.run(words, check=True, timeout=_PATIENCE, env=self._environment)

    def sees(self, wanted: Callable[[Seen], object]) -> Seen:
        """The first moment from here on at which this holds."""
        latest = time.monotonic() + _PATIENCE
        try:
            while line := self._said.get(timeout=max(0, latest - time.monotonic())):
                self._last = Seen(**json.loads(line))
                if wanted(self._last):
                    return self._last
            problem = "the desktop has ended"
        except queue.Empty:
            problem = f"not seen within {_PATIENCE:.0f} s"
        pytest.fail(f"{problem}; at last: {self._last}; {self._errors.read_text()}")


def _config() -> Path:
    for program in ("xdotool", "ibus", "ibus-daemon", "dbus-daemon", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not _ENGINE.exists():
        pytest.skip("ibus-hangul is not installed")
    found = next((path for path in _CONFIGS if path.exists()), None)
    return found or pytest.skip("this ibus has no ibus-memconf, which keeps settings in memory")


@contextmanager
def _desktop(display: str, config: Path, place: Path) -> Iterator[Typist]:
    """All of it in a process namespace, which ends with its first process."""
    environment = {
        name: value for name, value in os.environ.items()
        if name not in {"WAYLAND_DISPLAY", "IBUS_ENABLE_SYNC_MODE"}
    } | {
        "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "QT_IM_MODULE": "ibus",
        "XDG_RUNTIME_DIR": str(place), "XDG_CONFIG_HOME": str(place / "config"),
        "XDG_CACHE_HOME": str(place / "cache"), "GSETTINGS_BACKEND": "memory",
    }  # fmt: skip
    # Below a first process of its own: ibus-daemon ends where process 1 is its parent.
    words = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", '"$@"; exit $?', "sh"]
    words += [sys.executable, "-m", "tests.gui.terminal.composing_desktop", str(place)]
    words += [str(config), "sh", "-c", _READER]
    errors = place / "errors"
    with errors.open("w") as complaints, subprocess.Popen(
        words, cwd=_ROOT, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
    ) as desktop:  # fmt: skip
        assert desktop.stdin is not None
        assert desktop.stdout is not None
        typist = Typist(display, desktop.stdout, errors)
        try:
            yield typist
        finally:
            desktop.stdin.close()
            try:
                desktop.wait(_PATIENCE)
            finally:
                desktop.kill()
                typist.leaves()


@pytest.fixture
def typist(tmp_path: Path) -> Iterator[Typist]:
    """A desktop of its own, with a program in the console that reads a line."""
    config = _config()
    tmp_path.chmod(0o700)
    screen = Screen(waits=True)  # ibus comes and goes before the console is there
    try:
        with _desktop(screen.display, config, tmp_path) as typist:
            yield typist
    finally:
        screen.close()


def test_what_ibus_composes_is_shown_at_the_cursor_and_the_program_reads_what_was_committed(
    typist: Typist, tmp_path: Path
) -> None:
    plain = typist.sees(lambda seen: seen.has_keyboard and seen.lines[0] == "ready")
    typist.keys("g")
    latin = typist.sees(lambda seen: seen.lines[1] == "g")
    assert (latin.sent, latin.composed) == ("g", "")
    typist.keys("BackSpace", "shift+space", "g", "k")
    half = typist.sees(lambda seen: seen.composed == "하")
    typist.keys("s")
    whole = typist.sees(lambda seen: seen.composed == "한" and not seen.lines[1])

    assert whole.sent == "g\x7f"
    ground, ink = hex_color(DARK.selection), hex_color(DARK.selection_text)
    assert ground not in plain.colors(1, 0) | plain.colors(1, 1)
    assert {ground, ink} <= whole.colors(1, 0)
    assert ground in whole.colors(1, 1)
    assert QImage(whole.picture) != QImage(half.picture)

    typist.keys("BackSpace")
    typist.sees(lambda seen: seen.composed == "하")
    typist.keys("s", "r", "m", "f")
    last = typist.sees(lambda seen: seen.composed == "글" and seen.lines[1] == "한")
    assert {ground, ink} <= last.colors(1, 2)
    assert ground not in last.colors(1, 0)
    typist.keys("Return")
    typist.sees(lambda seen: "done" in seen.lines)
    assert (tmp_path / "got").read_text() == "한글"


def test_letters_that_come_fast_stay_in_their_order(typist: Typist) -> None:
    typist.sees(lambda seen: seen.has_keyboard and seen.lines[0] == "ready")
    letters = "abcdefghijklmnopqrst" * 10
    typist.keys_at_once(letters)
    told = typist.sees(lambda seen: len(seen.sent) >= len(letters))
    assert told.sent == letters
