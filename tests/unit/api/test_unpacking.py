"""What people read when an archive is none."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from cloche_engine.api.unpacking import ArchiveRefusedError, Quota, Unpacker, unpack_stream


@pytest.mark.parametrize("data", [b"text", b"some more text\n" * 1000])
def test_a_text_is_called_no_archive(tmp_path: Path, data: bytes) -> None:
    folder = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    try:
        unpacker = Unpacker(folder, Quota(1 << 20, 10), lambda _: None)
        with pytest.raises(ArchiveRefusedError, match="it is no tar archive") as refused:
            unpack_stream(io.BytesIO(data), unpacker)
    finally:
        os.close(folder)
    assert "give a whole archive" in refused.value.hint
    assert refused.value.torn
    assert list(tmp_path.iterdir()) == []
