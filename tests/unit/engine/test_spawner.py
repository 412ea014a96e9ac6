"""What is left where the process that starts containers does not come up."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

from cloche_engine.api.errors import EngineError
from cloche_engine.core.spawner import Spawner


def sockets() -> set[str]:
    """Those that this process has open."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            found.add(str(descriptor.readlink()))
    return {each for each in found if each.startswith("socket:")}


async def test_an_order_that_cannot_be_given_leaves_no_socket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    spawner, before = Spawner("nowhere", tmp_path, 0), sockets()
    with pytest.raises(EngineError, match="did not come up") as refused:
        await spawner.take()
    assert refused.value.hint
    assert sockets() <= before
