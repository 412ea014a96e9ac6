"""A system bus of the test's own with a real polkitd and the helper, and callers on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bus import world

NOBODY = 65534


@dataclass(frozen=True)
class System:
    """A system bus with polkit and the helper."""

    folder: Path

    @property
    def rules(self) -> Path:
        """The file with the test's rules; polkit looks when it changes."""
        return self.folder / "rules/10-test.rules"

    @property
    def environment(self) -> dict[str, str]:
        address = f"unix:path={self.folder / 'system_bus'}"
        return dict(os.environ) | {"DBUS_SYSTEM_BUS_ADDRESS": address}

    def ask(self, user: int, method: str, *words: str) -> str:
        """What a call of this user comes to."""
        asked = subprocess.run(
            [sys.executable, "-m", "tests.bus.caller", str(user), "system", method, *words],
            capture_output=True, text=True, timeout=30, check=True,
            cwd=world.REPOSITORY, env=self.environment,
        )  # fmt: skip
        return asked.stdout

    def names(self) -> str:
        """What is on the bus."""
        listed = subprocess.run(
            ["busctl", "--system", "list", "--acquired", "--no-pager"],
            capture_output=True, text=True, env=self.environment, check=True,
        )  # fmt: skip
        return listed.stdout


@contextmanager
def system(*options: str, rules: str = "", more_rules: str = "") -> Iterator[System]:
    """More rules are in a file of their own."""
    with world.open_folder() as folder:
        made = System(folder)
        made.rules.parent.mkdir(mode=0o755)
        made.rules.write_text(rules)
        made.rules.with_name("20-more.rules").write_text(more_rules)
        program = [sys.executable, "-m", "tests.bus.polkit_world", str(folder), *options]
        process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", *program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=world.REPOSITORY,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield made
            process.communicate()
