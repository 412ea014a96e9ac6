"""`clochectl` as people and scripts run it, and a terminal to sit at."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOCHECTL = [sys.executable, "-m", "cloche_engine.cli"]
_LIMIT = 60
_SIZE = 31, 91


@dataclass(frozen=True, slots=True)
class Clochectl:
    """Runs clochectl with the helper of one directory."""

    directory: Path

    @property
    def target(self) -> str:
        """What `--connect` takes."""
        return f"private:{self.directory}"

    def words(self, *words: str) -> list[str]:
        """The command line."""
        return [*CLOCHECTL, "--connect", self.target, *words]

    def run(self, *words: str, fed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Its status and what it said, whatever they are."""
        return subprocess.run(
            self.words(*words), input=fed, capture_output=True, timeout=_LIMIT, check=False
        )

    def ok(self, *words: str, fed: bytes = b"") -> str:
        """What it prints where it succeeds."""
        done = self.run(*words, fed=fed)
        assert done.returncode == 0, f"{words}: {done.stderr.decode()}{done.stdout.decode()}"
        return done.stdout.decode()

    def json(self, *words: str, fed: bytes = b"") -> Any:
        """Its JSON document."""
        return json.loads(self.ok("--json", *words, fed=fed))


@dataclass
class Terminal:
    """A terminal of 31 rows and 91 columns with a program on it."""

    process: subprocess.Popen[bytes]
    master: int
    shown: str = ""

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def until(self, words: str) -> None:
        """Wait until the program has said these words."""
        deadline = time.monotonic() + 30
        while words not in self.shown:
            left = max(deadline - time.monotonic(), 0)
            assert select.select([self.master], [], [], left)[0], self.shown
            try:
                self.shown += os.read(self.master, 4096).decode(errors="replace")
            except OSError:  # EIO: nobody has it open any more
                assert words in self.shown, self.shown

    def resize(self, rows: int, columns: int) -> None:
        termios.tcsetwinsize(self.master, (rows, columns))

    def is_raw(self) -> bool:
        return not termios.tcgetattr(self.master)[3] & termios.ICANON


@contextmanager
def terminal(words: list[str]) -> Iterator[Terminal]:
    """A program on a terminal of its own; it is killed at the end."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, _SIZE)
    process = subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait(30)
        os.close(slave)
        os.close(master)
