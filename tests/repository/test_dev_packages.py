"""Which packages `./dev` asks apt for, on releases whose names and Pythons differ."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DASH = shutil.which("dash") or "/bin/sh"
_TOOLS = ("readlink", "dirname", "cat", "sha256sum", "cut", "tr", "grep", "sed", "id", "basename")


@dataclass(frozen=True)
class Release:
    """A distribution's release: its Python, which of the changed names it has, who prompts."""

    python: str
    names: frozenset[str]
    prompt: str


JAMMY = Release(
    "3.10", frozenset({"dbus", "policykit-1", "libglib2.0-0", "python3.11"}), "policykit-1"
)
NOBLE = Release(
    "3.12", frozenset({"dbus-daemon", "polkitd", "pkexec", "libglib2.0-0t64"}), "pkexec"
)
FOCAL = Release("3.8", frozenset({"dbus", "policykit-1", "libglib2.0-0"}), "policykit-1")
_CHANGED = {
    "dbus-daemon", "dbus", "polkitd", "policykit-1", "pkexec", "libglib2.0-0t64", "libglib2.0-0",
    "python3.11",
}  # fmt: skip


class Machine:
    """A PATH with a Python without venv, and an apt that only notes what it is told."""

    def __init__(self, folder: Path, release: Release) -> None:
        self._programs = folder / "bin"
        self._programs.mkdir()
        self._told = folder / "told"
        for name in _TOOLS:
            (self._programs / name).symlink_to(shutil.which(name) or name)
        lacking = " ".join(sorted(_CHANGED - release.names))
        self._program("dpkg-query", "exit 1")
        self._program(
            "apt-cache",
            f'case " {lacking} " in *" $2 "*) echo "  Candidate: (none)";;'
            ' *) echo "  Candidate: 1";; esac',
        )
        self._program("apt-get", f'echo "$*" >>{self._told}; case $* in *install*) exit 100;; esac')
        self._program("env", 'shift; exec "$@"')
        self._program("id", "echo 0")
        new = int(release.python.split(".")[1]) >= 11
        self._program("python3", f"case $2 in *version_info*) exit {int(not new)};; esac; exit 1")
        self._script = Path(shutil.copy(ROOT / "dev", folder / "dev"))

    def _program(self, name: str, text: str) -> None:
        path = self._programs / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def exec_true(self) -> str:
        """What `./dev exec true` says before it fails, as this apt installs nothing."""
        done = subprocess.run(
            [DASH, self._script, "exec", "true"], capture_output=True, text=True, check=False,
            env=dict(os.environ) | {"PATH": str(self._programs)},
        )  # fmt: skip
        assert done.returncode == 1, done
        return done.stderr

    @property
    def told(self) -> str:
        """All that apt-get was called with."""
        return self._told.read_text()

    @property
    def installed(self) -> list[str]:
        """The words of the one apt-get install."""
        (line,) = [line for line in self.told.splitlines() if " install " in line]
        return line.split()


@pytest.mark.parametrize("release", [JAMMY, NOBLE], ids=["22.04", "24.04"])
def test_only_names_that_the_release_has_are_installed(tmp_path: Path, release: Release) -> None:
    machine = Machine(tmp_path, release)
    machine.exec_true()
    words = set(machine.installed)
    assert not words & (_CHANGED - release.names)
    assert {"libxcb-cursor0", "libegl1", "iproute2", release.prompt} <= words


def test_a_release_with_an_older_python_gets_its_newer_one(tmp_path: Path) -> None:
    machine = Machine(tmp_path, JAMMY)
    machine.exec_true()
    assert {"python3.11", "python3.11-venv"} <= set(machine.installed)


def test_a_release_with_a_new_python_gets_venv_only(tmp_path: Path) -> None:
    machine = Machine(tmp_path, NOBLE)
    machine.exec_true()
    assert "python3-venv" in machine.installed
    assert "python3.11" not in machine.installed


def test_a_release_without_any_new_python_is_told_so_before_anything_is_installed(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path, FOCAL)
    said = machine.exec_true()
    assert "Python 3.11 or later" in said
    assert "PYTHON=/path/to/python" in said
    assert "install" not in machine.told
