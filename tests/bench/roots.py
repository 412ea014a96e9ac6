"""A root tree of busybox and one script, the same for every contender."""

from __future__ import annotations

import os
import select
import shutil
import time
from pathlib import Path

from tests.bench.figures import milliseconds

PROGRAM = ("/bin/busybox", "sh", "/first")
"""Says that it runs, then stays."""

_FOLDERS = "bin dev etc proc run sys tmp".split()
_FILES = "etc/hostname etc/hosts etc/resolv.conf".split()
"""As every distribution's tree has them: where they are missing, a start makes them."""
_SCRIPT = """#!/bin/busybox sh
echo x{redirection}
exec /bin/busybox sleep 100000
"""


def busybox() -> Path:
    """The static busybox; FileNotFoundError says what to install."""
    found = shutil.which("busybox")
    if not found:
        raise FileNotFoundError("busybox is not installed; install busybox-static")
    return Path(found)


def make_root(folder: Path, *, fifo: bool) -> Path:
    """A root whose program says `x` to its terminal, or to a FIFO where it has none."""
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    for name in _FILES:
        (folder / name).touch()
    shutil.copy(busybox(), folder / "bin/busybox")
    (folder / "bin/sh").symlink_to("busybox")
    script = folder / "first"
    script.write_text(_SCRIPT.format(redirection=" >/fifo" * fifo))
    script.chmod(0o755)
    if fifo:
        os.mkfifo(folder / "fifo")
        (folder / "fifo").chmod(0o666)
    return folder


class FirstByte:
    """The FIFO of a root, opened before the start; `wait` gives the time of its first byte."""

    def __init__(self, root: Path) -> None:
        self._descriptor = os.open(root / "fifo", os.O_RDWR | os.O_NONBLOCK)
        self._started = time.perf_counter()

    def wait(self, seconds: float = 10.0, lines: int = 1) -> float:
        """Milliseconds until so many programs spoke; TimeoutError where they do not."""
        heard = 0
        while heard < lines:
            readable, _, _ = select.select([self._descriptor], [], [], seconds)
            if not readable:
                os.close(self._descriptor)
                raise TimeoutError(f"the program said nothing in {seconds:.0f} s")
            heard += os.read(self._descriptor, 4096).count(b"x")
        taken = milliseconds(self._started)
        os.close(self._descriptor)
        return taken
