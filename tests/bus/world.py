"""Helpers for one test each: started, found ready, and surely gone afterwards."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SHELL = (
    b"<domain type='linuxcontainer'>\n  <!-- mine -->\n  <name>%s</name>\n"
    b"  <container>\n    <application>/bin/sh</application>\n  </container>\n</domain>\n"
)


def shell(name: str) -> bytes:
    """The definition of a container with a shell."""
    return SHELL % name.encode()


def helper_words(directory: Path, idle: float = 60.0) -> list[str]:
    """The command of a private helper with the in-memory engine."""
    return [sys.executable, "-m", "tests.bus.helper", str(directory), str(idle)]


def real_helper_words(directory: Path) -> list[str]:
    """The command of a private helper with the real engine."""
    return [sys.executable, "-I", "-m", "cloche_engine.daemon", "--private", str(directory)]


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="cloche-open-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@dataclass(frozen=True)
class Helper:
    """A private helper that runs."""

    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def target(self) -> str:
        return f"private:{self.directory}"

    @property
    def log(self) -> str:
        return (self.directory / "cloched.log").read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


@contextmanager
def helper(
    directory: Path,
    idle: float = 60.0,
    user: int | None = None,
    words: list[str] | None = None,
) -> Iterator[Helper]:
    """A private helper, ready; `user` is who asked pkexec for it."""
    environment = dict(os.environ) | ({"PKEXEC_UID": str(user)} if user is not None else {})
    process = subprocess.Popen(
        words or helper_words(directory, idle),
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env=environment,
    )
    assert process.stdout is not None
    try:
        with process.stdout:
            assert process.stdout.readline() == b"ready\n"
        yield Helper(directory, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def gone(pid: int) -> None:
    """Wait until a process that is not ours has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return

    try:
        ready, _, _ = select.select([descriptor], [], [], 10)
        assert ready, f"process {pid} still runs"
    finally:
        os.close(descriptor)


def bus_pid(parent: int) -> int:
    """The dbus-daemon of a helper."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    (pid,) = (
        int(child)
        for child in children
        if b"dbus-daemon" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    return pid
