"""The window on a Wayland desktop: it comes up there by itself, without X11 behind it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_SOCKET = "cloche-test"

pytestmark = pytest.mark.skipif(not shutil.which("weston"), reason="weston is not installed")


@contextmanager
def _desktop(runtime: Path) -> Iterator[dict[str, str]]:
    """What a program needs to know of a Wayland desktop that nobody sees."""
    runtime.mkdir(mode=0o700)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "QT_QPA_PLATFORM"}
    }
    environment |= {"XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(runtime / "config")}
    words = ["weston", "--backend=headless-backend.so", f"--socket={_SOCKET}", "--no-config"]
    with subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL) as weston:
        try:
            _wait_for(runtime / _SOCKET, weston)
            yield environment | {"WAYLAND_DISPLAY": _SOCKET}
        finally:
            weston.terminate()


def _wait_for(socket: Path, weston: subprocess.Popen[bytes]) -> None:
    latest = time.monotonic() + 20
    while not socket.exists():
        assert weston.poll() is None, "weston did not start"
        assert time.monotonic() < latest, "weston has no socket"
        with pytest.raises(subprocess.TimeoutExpired):
            weston.wait(0.02)


def _show(tmp_path: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    with _desktop(tmp_path / "run") as environment:
        done = subprocess.run(
            [sys.executable, "-m", "tests.gui.wayland_probe", *words],
            cwd=_ROOT, env=environment | variables,
            capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def test_it_runs_on_wayland_where_that_is_the_desktop(tmp_path: Path) -> None:
    done = _show(tmp_path)

    assert done.stdout == "wayland org.cloche.Cloche True 6\n", done.stderr


def test_a_picture_has_no_room_between_its_lines(tmp_path: Path) -> None:
    """KWin before 6.2 takes each line to begin where the one before ends; with room, it slants."""
    said = _show(tmp_path, WAYLAND_DEBUG="1").stderr

    pictures = re.findall(r"create_buffer\(new id [^,]+, \d+, (\d+), \d+, (\d+)", said)
    assert pictures
    assert all(int(line) == 4 * int(width) for width, line in pictures), pictures


def test_a_box_names_no_largest_size_before_its_shadow_is_known(tmp_path: Path) -> None:
    """Mutter takes the shadow off such a size: the last line of the text would be cut off."""
    said = _show(tmp_path, "about", WAYLAND_DEBUG="1").stderr

    box = re.findall(r"(xdg_toplevel[@#]\d+)\.set_parent\(xdg_toplevel", said)[-1]
    before, shadow, _ = said.partition(f"{box}.set_parent")[2].partition("set_window_geometry")
    assert shadow
    assert int(re.findall(rf"{box}\.set_max_size\((\d+)", before)[-1]) > 9999
