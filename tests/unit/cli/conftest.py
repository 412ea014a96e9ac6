"""clochectl, and a document with a slip of the pen."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.shell import SLIP, Shell


@pytest.fixture
def clochectl(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Shell:
    return Shell(monkeypatch, capsysbinary)


@pytest.fixture
def slip(tmp_path: Path) -> Path:
    file = tmp_path / "slip.xml"
    file.write_bytes(SLIP)
    return file
