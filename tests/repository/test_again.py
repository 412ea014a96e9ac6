"""What failed beside others gets a second look, which hides nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests import again

ROOT = Path(__file__).parents[2]
ONCE = """
from pathlib import Path

def test_passes_the_second_time():
    seen = Path({seen!r})
    was_there = seen.exists()
    seen.touch()
    assert was_there

def test_passes():
    pass
"""
ALWAYS = """
import pytest

@pytest.mark.parametrize("number", range({many}))
def test_never_passes(number):
    assert False
"""


def run_twice(folder: Path, test: str) -> tuple[int, int]:
    """The status of a run, and what a second look makes of it."""
    planted = folder / "test_planted.py"
    planted.write_text(test)
    arguments = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(planted)]
    words = [sys.executable, "-m", "pytest", "-o", f"cache_dir={folder / 'cache'}", *arguments]
    first = subprocess.run(words, cwd=ROOT, capture_output=True, check=False).returncode
    return first, again.again(folder / "cache", arguments)


def test_what_passes_alone_is_named_as_unsteady(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_twice(tmp_path, ONCE.format(seen=str(tmp_path / "seen"))) == (1, 0)
    said = capfd.readouterr().out
    assert "1 passed" in said
    assert "UNSTEADY" in said
    assert "test_planted.py::test_passes_the_second_time\n" in said


def test_what_fails_again_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_twice(tmp_path, ALWAYS.format(many=again.MOST)) == (1, 1)
    assert "FAILED AGAIN" in capfd.readouterr().out


def test_many_failures_get_no_second_look(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_twice(tmp_path, ALWAYS.format(many=again.MOST + 1)) == (1, 1)
    assert capfd.readouterr().out == ""


def test_a_run_that_broke_off_stays_broken(tmp_path: Path) -> None:
    assert again.again(tmp_path, []) == 1
