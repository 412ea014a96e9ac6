"""Copies out of and into containers that play with links meanwhile (attacks E10 and E28)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
from tests.contract.test_copies import archive, contents
from tests.kernel.box import Box, Define
from tests.kernel.test_mount_attacks import exchanged, listing

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Copied
from cloche_engine.cli.copying import copy
from cloche_engine.cli.options import UsageError

pytestmark = pytest.mark.kernel

SECONDS, PATIENCE = 2.0, 60.0


async def copy_out(box: Box, path: str) -> tuple[Copied, bytes]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        reader = asyncio.ensure_future(asyncio.to_thread(stream.read))
        try:
            copied = await box.engine.copy_out(box.uuid, path, writing)
        finally:
            os.close(writing)
            await reader
    return copied, reader.result()


async def copy_in(box: Box, path: str, data: bytes) -> Copied:
    """Of data that a pipe holds at once."""
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as stream:
            stream.write(data)
        return await box.engine.copy_in(box.uuid, path, reading)
    finally:
        os.close(reading)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "secret").write_text("of the host")
    return folder


async def test_a_container_that_exchanges_links_gets_no_file_of_the_host_read_or_written(
    box: Box, root: Path, victim: Path
) -> None:
    """E28: folder and link change places while files are copied through them.

    The control is who reads the same path on the host: he gets the host's file.
    """
    before = listing(victim)
    (root / "way").mkdir()
    (root / "way/secret").write_text("inside")
    (root / "link").symlink_to(victim)
    came: list[bytes] = []
    begun, astray = time.monotonic(), False
    with exchanged(root / "way", root / "link", 0.0005):
        while (lasted := time.monotonic() - begun) < SECONDS or (not astray and lasted < PATIENCE):
            with contextlib.suppress(OSError):
                astray |= (root / "way/secret").read_text() == "of the host"
            with contextlib.suppress(EngineError):
                _, data = await copy_out(box, "/way/secret")
                came += contents(data).values()
            with contextlib.suppress(EngineError):
                await copy_in(box, "/way", archive(secret=b"owned"))
    await box.engine.kill(box.uuid)
    assert astray
    assert set(came) <= {b"inside", b"owned"}
    assert listing(victim) == before
    assert (victim / "secret").read_text() == "of the host"


async def test_links_lead_where_they_would_inside(box: Box, root: Path, victim: Path) -> None:
    (root / "out").symlink_to(victim)
    (root / "up").symlink_to("../../../../../../../etc")
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/own").write_text("inside")
    _, data = await copy_out(box, "/up/own")
    assert contents(data) == {"own": b"inside"}
    with pytest.raises(EngineError, match="does not exist"):
        await copy_out(box, "/out/secret")
    await box.run("ln -s /etc/own /top")
    _, data = await copy_out(box, "/top")
    assert list(contents(data).values()) == [b"inside"]
    # The control: whoever opens the same by the host's path reads the host's file.
    assert (root / "out/secret").read_text() == "of the host"


async def test_a_folder_comes_with_its_links_as_links_and_without_devices(
    box: Box, root: Path
) -> None:
    await box.run("mkdir -p /data/sub; echo x >/data/sub/file; ln -s /etc/shadow /data/link")
    os.mkfifo(root / "data/fifo")
    copied, data = await copy_out(box, "/data")
    assert copied.left_out == 1
    assert contents(data) == {"data/sub/file": b"x\n"}
    assert b"/etc/shadow" in data
    copied, _ = await copy_out(box, "/dev")
    assert copied.left_out > 5


async def test_a_place_that_is_read_only_inside_is_called_so(box: Box) -> None:
    with pytest.raises(EngineError, match="nothing can be copied to /sys of box: ") as refused:
        await copy_in(box, "/sys", archive(file=b"hello"))
    assert "that place is read-only (top)" in refused.value.message
    assert "tar" not in refused.value.hint


async def test_what_is_copied_in_belongs_to_the_containers_users(box: Box, root: Path) -> None:
    await copy_in(box, "/new", archive(file=b"hello"))
    assert await box.run("cat /new/file") == "hello"
    assert (root / "new/file").stat().st_uid == 0
    assert " 0 " in await box.run("ls -ln /new/file")


async def test_nothing_of_the_container_is_loaded_by_the_process_that_copies(
    define: Define, root: Path
) -> None:
    """E10: modules and libraries lie wherever Python and libc would look once it has entered."""
    proof = root / "proof"
    for folder in (Path(sys.prefix), Path(sys.base_prefix), Path("/usr"), Path("/usr/local")):
        for library in (f"lib/python3.{sys.version_info.minor}", "lib/x86_64-linux-gnu"):
            place = root / str(folder / library).lstrip("/")
            (place / "encodings").mkdir(parents=True, exist_ok=True)
            for name in ("encodings/__init__.py", "tarfile.py", "encodings/idna.py", "stat.py"):
                (place / name).write_text("open('/proof', 'w')\n")
            (place / "libnss_files.so.2").write_bytes(b"\x7fELF trap")
    box = await define(root=root)
    await box.start()
    await copy_in(box, "/new", archive(file=b"hello"))
    await copy_out(box, "/new")
    assert not proof.exists()
    # The control: who enters first and imports then, does load them.
    late = f"import os; os.chroot({str(root)!r}); os.chdir('/'); import tarfile"
    subprocess.run([sys.executable, "-I", "-S", "-c", late], check=False, capture_output=True)
    assert proof.exists()


def words(source: object, target: object) -> Namespace:
    return Namespace(source=str(source), target=str(target), json=False)


async def test_the_command_copies_both_ways_and_tells_how_much(box: Box, tmp_path: Path) -> None:
    (tmp_path / "here/sub").mkdir(parents=True)
    (tmp_path / "here/sub/file").write_text("hello")

    assert await copy(box.engine, words(tmp_path / "here", "box:/there")) == 0
    assert await box.run("cat /there/sub/file") == "hello"
    await box.run("chmod 4755 /there/sub/file")
    assert await copy(box.engine, words("box:/there", tmp_path / "back")) == 0
    assert (tmp_path / "back/sub/file").read_text() == "hello"
    assert (tmp_path / "back/sub/file").stat().st_mode & 0o7000 == 0
    with pytest.raises(EngineError, match="does not exist"):
        await copy(box.engine, words("box:/nowhere", tmp_path / "back"))
    with pytest.raises(UsageError, match="one side"):
        await copy(box.engine, words("a", "b"))


async def test_what_cannot_be_read_inside_is_left_out_of_a_copy(box: Box) -> None:
    """Folders of /proc that are opened but not listed, files of /sys that are written to only."""
    copied, _ = await copy_out(box, "/sys/kernel")
    assert copied.left_out > 0
    copied, data = await copy_out(box, "/proc/1")
    assert copied.left_out > 0
    assert "1/status" in contents(data)


async def test_a_place_that_takes_nothing_is_told_without_advice_about_archives(
    box: Box, tmp_path: Path
) -> None:
    await box.run("mkdir -p /data/sub; echo x >/data/sub/file")
    with pytest.raises(EngineError, match="cannot be written: ") as refused:
        await copy(box.engine, words("box:/data", "/proc/"))
    assert "folder" in refused.value.hint
    assert "tar" not in refused.value.hint
    (tmp_path / "data").mkdir()
    (tmp_path / "data/sub").write_text("mine")
    with pytest.raises(EngineError, match="leads through a link or a file") as refused:
        await copy(box.engine, words("box:/data", tmp_path))
    assert f"what came until then stays in {tmp_path / 'data'}" in refused.value.message
    assert "tar" not in refused.value.hint
    assert (tmp_path / "data/sub").read_text() == "mine"
