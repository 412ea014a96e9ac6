"""`clochectl` against a helper with the real engine, and what it may say where it fails."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bus import world
from tests.clochectl import Clochectl
from tests.kernel.box import Definition

from cloche_engine.monitor.protocol import SPARE

_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line on stderr: the cause, and after the semicolon the next step."""

    cause: str
    step: str

    @classmethod
    def of(cls, done: subprocess.CompletedProcess[bytes], status: int = 1) -> Refusal:
        """What a failed command said; anything but one clear sentence fails the test."""
        said = done.stderr.decode()
        assert done.returncode == status, done
        assert done.stdout == b"", done
        assert said.startswith("clochectl: "), said
        assert said.endswith("\n"), said
        assert said[:-1].isprintable(), said
        assert len(said) < _LONGEST, said
        cause, _, step = said.removeprefix("clochectl: ").rstrip().partition("; ")
        assert cause, said
        assert step, f"no next step: {said}"
        return cls(cause, step)


@dataclass(frozen=True, slots=True)
class Command(Clochectl):
    """Runs clochectl against the real engine, and makes containers there."""

    def refused(self, *words: str, fed: bytes = b"", status: int = 1) -> Refusal:
        return Refusal.of(self.run(*words, fed=fed), status)

    def define(self, **parts: object) -> str:
        """Define a container of the parts of a Definition; its name."""
        definition = Definition(**parts)  # type: ignore[arg-type]
        self.ok("define", "-", fed=definition.text())
        return definition.name

    def start(self, **parts: object) -> str:
        """Define it and start it."""
        name = self.define(**parts)
        self.ok("start", name)
        return name

    def live_runtimes(self) -> list[str]:
        """What lies in the helper's folder of running containers, less the monitor that waits."""
        return [
            path.name for path in (self.directory / "run").iterdir()
            if path.is_dir() and not path.name.startswith(SPARE)
        ]  # fmt: skip

    def clear(self) -> None:
        """Kill every container that runs."""
        for container in self.json("list"):
            if container["pid"]:
                self.ok("kill", container["uuid"])


@contextmanager
def command(directory: Path) -> Iterator[Command]:
    """A command line, and the real helper that it speaks to."""
    with world.helper(directory, words=world.real_helper_words(directory)) as running:
        yield Command(running.directory)
