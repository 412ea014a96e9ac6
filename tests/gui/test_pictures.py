"""The pictures of every page are taken with what `./dev run` installs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.screen
ROOT = Path(__file__).parents[2]
WITHOUT = "import sys; sys.modules.update(dict.fromkeys(('pytest', '_pytest', 'pytestqt')))"


def test_pictures_are_taken_without_the_tools_of_the_tests() -> None:
    for module, status in (("tests.gui.picture_book", 0), ("tests.gui.test_importing", 1)):
        words = [sys.executable, "-c", f"{WITHOUT}; import {module}"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
