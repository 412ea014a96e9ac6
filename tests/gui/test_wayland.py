"""The window on a Wayland desktop: it comes up there by itself, without X11 behind it."""

from __future__ import annotations

import os
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


@pytest.mark.skipif(not shutil.which("weston"), reason="weston is not installed")
def test_it_runs_on_wayland_where_that_is_the_desktop(tmp_path: Path) -> None:
    with _desktop(tmp_path / "run") as environment:
        done = subprocess.run(
            [sys.executable, "-m", "tests.gui.wayland_probe"],
            cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip

    assert done.stdout == "wayland org.cloche.Cloche True 6\n", done.stderr
    assert done.returncode == 0
