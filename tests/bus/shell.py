"""clochectl against a helper with the engine in memory."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bus import world
from tests.clochectl import Clochectl


@dataclass(frozen=True, slots=True)
class Shell(Clochectl):
    """Runs clochectl against one helper, and makes containers there."""

    helper: world.Helper

    def fails(self, *words: str, status: int = 1, fed: bytes = b"") -> str:
        """The one line on stderr."""
        done = self.run(*words, fed=fed)
        assert done.returncode == status, done
        line = done.stderr.decode()
        assert line.startswith("clochectl: ")
        assert line.count("\n") == 1, line
        return line

    def make(self, name: str) -> str:
        self.ok("define", "-", fed=world.shell(name))
        return name

    def start(self, name: str) -> str:
        self.ok("start", self.make(name))
        return name
