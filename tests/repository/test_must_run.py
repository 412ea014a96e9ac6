"""What a test run promises: no marked test is skipped in silence, nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPS = """
import pytest

@pytest.mark.screen
def test_it():
    pytest.skip("there is no such screen")
"""
LEAKS = """
import subprocess, pytest

{marker}
def test_it():
    print("PID", subprocess.check_output(["sh", "-c", "sleep {seconds} >&- & echo $!"]).decode())
"""


def run_pytest(folder: Path, test: str, *, must_run: bool) -> subprocess.CompletedProcess[str]:
    (folder / "test_planted.py").write_text(test)
    plugins = ["-p", "tests.conftest", "-p", "no:cacheprovider"]
    options = ["-c", "pyproject.toml", "--rootdir", str(ROOT), "-rs", str(folder)]
    environment = {**os.environ, "CLOCHE_MUST_RUN": str(int(must_run)), "DISPLAY": ":none"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_skip_tells_its_reason(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SKIPS, must_run=False)
    assert done.returncode == 0
    assert "there is no such screen" in done.stdout


def test_a_skip_is_a_failure_where_it_must_run(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SKIPS, must_run=True)
    assert done.returncode == 1
    assert "it must run here (CLOCHE_MUST_RUN=1), but: " in done.stdout
    assert "there is no such screen" in done.stdout


def test_a_module_that_skips_itself_is_an_error_where_it_must_run(tmp_path: Path) -> None:
    module = 'import pytest\npytest.skip("not today", allow_module_level=True)\n'
    assert (
        run_pytest(tmp_path, module, must_run=False).returncode
        == pytest.ExitCode.NO_TESTS_COLLECTED
    )
    done = run_pytest(tmp_path, module, must_run=True)
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "not today" in done.stdout


@pytest.mark.parametrize(
    ("marker", "told"),
    [("@pytest.mark.screen", "the test left behind"), ("", "the test run left behind")],
)
def test_a_process_left_behind_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marker: str, told: str
) -> None:
    monkeypatch.setenv("CLOCHE_TEST_PATIENCE", "2")
    done = run_pytest(tmp_path, LEAKS.format(marker=marker, seconds=7), must_run=False)
    assert done.returncode == 1
    assert told in done.stdout
    assert "sleep 7" in done.stdout


def test_a_process_that_ends_in_time_fails_nothing(tmp_path: Path) -> None:
    test = LEAKS.format(marker="@pytest.mark.screen", seconds=0.5)
    assert run_pytest(tmp_path, test, must_run=False).returncode == 0
