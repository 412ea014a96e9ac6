"""A folder that other users can reach, which pytest's own are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bus import world


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with world.open_folder() as path:
        yield path
