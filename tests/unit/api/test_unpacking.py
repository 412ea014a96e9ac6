"""What people read when an archive is none, and what is left where one breaks off."""

from __future__ import annotations

import io
import os
import tarfile
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


def unpacked(data: bytes, folder: Path) -> Unpacker:
    """What unpacked it; ArchiveRefusedError as it comes."""
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        unpacker = Unpacker(opened, Quota(1 << 20, 10), lambda _: None)
        unpack_stream(io.BytesIO(data), unpacker)
    finally:
        os.close(opened)
    return unpacker


def archive_of(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    member = tarfile.TarInfo(name)
    member.size, member.uid, member.gid = len(content), os.getuid(), os.getgid()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_a_file_that_breaks_off_is_not_there_and_the_one_it_was_to_replace_stays(
    tmp_path: Path,
) -> None:
    whole = archive_of("new", b"x" * 20000)
    with pytest.raises(ArchiveRefusedError):
        unpacked(whole[:9000], tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "new").write_text("of before")
    with pytest.raises(ArchiveRefusedError):
        unpacked(whole[:9000], tmp_path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("new", "of before")]
    assert unpacked(whole, tmp_path).files == 1
    assert [(each.name, each.stat().st_size) for each in tmp_path.iterdir()] == [("new", 20000)]


def test_a_file_does_not_take_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(ArchiveRefusedError, match="as a folder and as a file"):
        unpacked(archive_of("taken", b"text"), tmp_path)
    assert [each.is_dir() for each in tmp_path.iterdir()] == [True]
