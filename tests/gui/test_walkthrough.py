"""What `./dev run` does without a display: the whole way, as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.screen,
    pytest.mark.kernel,
    pytest.mark.bus,
]
ROOT = Path(__file__).parents[2]
SCREEN = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}


def walk(*options: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in SCREEN}
    return subprocess.run(
        [sys.executable, "-m", "tests.walkthrough", *options],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("colours", [[], ["--dark"]], ids=["light", "dark"])
def test_a_first_container_is_made_used_and_deleted_with_a_picture_of_every_step(
    tmp_path: Path, colours: list[str]
) -> None:
    done = walk("--pictures", str(tmp_path), *colours)

    assert (done.returncode, done.stderr) == (0, "")
    steps = [line.split("(")[-1].rstrip(")") for line in done.stdout.splitlines()[1:-1]]
    assert len(steps) == 15
    assert sorted(path.name for path in tmp_path.iterdir()) == steps
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())


def test_a_walk_that_fails_says_why_in_one_line_and_ends_its_container(tmp_path: Path) -> None:
    in_the_way = tmp_path / "05-host.png"
    in_the_way.mkdir()

    done = walk("--pictures", str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == f"walkthrough: the picture {in_the_way} could not be saved\n"
    assert "04-answer.png" in done.stdout
