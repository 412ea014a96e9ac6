"""A folder that other users can reach, which pytest's own are not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cloche-bus-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
