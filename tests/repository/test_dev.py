"""`./dev` as people meet it: the list, wrong usage, any place and any folder name."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DASH = shutil.which("dash") or "/bin/sh"


def dev(script: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DASH, script, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The script in a folder whose name has a space."""
    folder = tmp_path / "my projects"
    folder.mkdir()
    return Path(shutil.copy(ROOT / "dev", folder / "dev"))


def test_without_a_command_it_prints_the_list(copy: Path, tmp_path: Path) -> None:
    done = dev(copy, cwd=tmp_path)
    assert done.returncode == 0
    for command in ("run", "test", "lint", "bench", "guest-test", "exec"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("arguments", [("biuld",), ("exec",)])
def test_wrong_usage_is_told_with_status_2(
    copy: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = dev(copy, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("dev: ")


def test_it_makes_nothing_where_it_only_tells(copy: Path, tmp_path: Path) -> None:
    dev(copy, cwd=tmp_path)
    dev(copy, "help", cwd=tmp_path)
    assert [path.name for path in copy.parent.iterdir()] == ["dev"]


def test_it_can_be_called_through_a_link_from_elsewhere(copy: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(copy)
    assert dev(link, cwd=Path("/")).stdout == dev(copy, cwd=tmp_path).stdout


@pytest.mark.skipif(
    not Path(sys.prefix, ".made-by-dev").exists(), reason="not in an environment that ./dev made"
)
def test_a_program_of_the_environment_runs_in_the_callers_folder(tmp_path: Path) -> None:
    done = dev(ROOT / "dev", "exec", "python", "-c", "import os; print(os.getcwd())", cwd=tmp_path)
    assert done.stdout == f"{tmp_path}\n"


@pytest.mark.skipif(
    not Path(sys.prefix, ".made-by-dev").exists(), reason="not in an environment that ./dev made"
)
def test_the_status_of_a_program_is_its_own(tmp_path: Path) -> None:
    done = dev(ROOT / "dev", "exec", "sh", "-c", "echo out; exit 7", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "")


TOOLS = (
    "bash",
    "cat",
    "cut",
    "dirname",
    "mktemp",
    "pacman",
    "readlink",
    "rm",
    "rpm",
    "sha256sum",
    "sh",
)
PROGRAM = """#!/bin/sh
case "$*" in
    *'not kernel'*) exit {beside} ;;
    *kernel*) exit {main} ;;
    *tests.again*) exit {again} ;;
    *cache_tag*) echo a-python ;;
esac
"""


@pytest.mark.parametrize(
    ("main", "beside", "again", "status"), [(0, 0, 1, 0), (1, 0, 1, 1), (0, 1, 1, 1), (0, 1, 0, 0)]
)
def test_its_status_is_that_of_both_halves(
    copy: Path, tmp_path: Path, main: int, beside: int, again: int, status: int
) -> None:
    """The programs are stand-ins: what they find is told by others."""
    root, tools, logs = copy.parent, tmp_path / "tools", tmp_path / "logs"
    for folder in (tools, logs, root / ".ci", root / ".venv/bin"):
        folder.mkdir(parents=True)
    for name, place in ((name, shutil.which(name)) for name in TOOLS):
        if place:
            (tools / name).symlink_to(place)
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", ".ci/run"):
        shutil.copy(ROOT / name, root / name)
    for name in ("python", "ruff", "mypy", "lint-imports"):
        program = root / ".venv/bin" / name
        program.write_text(PROGRAM.format(main=main, beside=beside, again=again))
        program.chmod(0o755)
    (root / ".venv/.made-by-dev").write_text(f"a-python {root}\n{contents(root)}\ndev\n")
    environment = {"PATH": str(tools), "TMPDIR": str(logs)}
    done = subprocess.run([DASH, copy, "test"], env=environment, capture_output=True, check=False)
    assert (done.returncode, list(logs.iterdir())) == (status, []), done.stderr.decode()


def contents(root: Path) -> str:
    names = ("requirements.txt", "requirements-dev.txt", "pyproject.toml")
    return hashlib.sha256(b"".join((root / name).read_bytes() for name in names)).hexdigest()
