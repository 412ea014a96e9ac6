"""A virtual screen where there is none; Qt must find it before its application is made."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

_OURS: set[str] = set()


class Screen:
    """An Xvfb of our own, on a display number that it chooses.

    It ends with its last client, unless it is to wait for others.
    """

    def __init__(self, size: str = "1600x1200x24", *, waits: bool = False) -> None:
        reading, writing = os.pipe()
        program = shutil.which("Xvfb") or "Xvfb"
        options = ["-screen", "0", size, "-nolisten", "tcp"]
        options.append("-noreset" if waits else "-terminate")
        try:
            self._process = subprocess.Popen(
                [program, "-displayfd", str(writing), *options],
                pass_fds=[writing],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(writing)
        with os.fdopen(reading, encoding="ascii") as answer:
            number = answer.readline().strip()
        if not number:
            self.close()
            raise RuntimeError("Xvfb did not start; install the package xvfb")
        self.display = f":{number}"
        _OURS.add(self.display)

    def close(self) -> None:
        """End the screen."""
        self._process.terminate()
        self._process.wait(30)


def is_ours() -> bool:
    """Whether nobody sits at the screen in use: only there may the pointer itself be moved."""
    alone = os.environ.get("CLOCHE_MUST_RUN") == "1"
    return alone or os.environ.get("DISPLAY") in _OURS


def needs_screen() -> bool:
    """Whether there is no display to use."""
    return not os.environ.get("DISPLAY")


@contextlib.contextmanager
def virtual_screen() -> Iterator[None]:
    """A screen for a program: always its own, so that the user's is left in peace."""
    screen = Screen()
    os.environ["DISPLAY"] = screen.display
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    try:
        yield
    finally:
        screen.close()
