"""Paths inside a root, with openat2 and without it: the same answer, and never one from outside."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.kernel.conftest import instance_of

from cloche_engine.sandbox.resolve import open_in_root
from cloche_engine.sandbox.walk import walk_in_root

WAYS = {"openat2": open_in_root, "walk": lambda root, path: walk_in_root(root, path, os.O_PATH)}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def found(way: str, root: Path, path: str) -> tuple[int, int] | int | str | None:
    """Device and inode of what a path leads to, or the errno."""
    top = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        opened = WAYS[way](top, path)
    except OSError as error:
        return error.errno if error.filename == path else f"{error} names no path"
    finally:
        os.close(top)
    try:
        status = os.fstat(opened)
        return status.st_dev, status.st_ino
    finally:
        os.close(opened)


def identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "a/b").mkdir(parents=True)
    (root / "a/file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    for name, target in {
        "absolute": "/a/b", "relative": "a/b", "up": "../../../../a", "out": "/../secret",
        "far": "../secret", "loop": "loop", "chain": "absolute/../file", "dangling": "/no/where",
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
    return root


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/", "."), ("/a/b", "a/b"), ("a/./b//", "a/b"), ("/../../a", "a"), ("/absolute", "a/b"),
        ("/relative/..", "a"), ("/up/file", "a/file"), ("/chain", "a/file"),
        ("/a/b/../../a/file", "a/file"),
    ],
)  # fmt: skip
def test_a_path_leads_where_it_would_inside(way: str, tree: Path, path: str, leads_to: str) -> None:
    assert found(way, tree, path) == identity(tree / leads_to)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/out", "ENOENT"), ("/far", "ENOENT"), ("/../secret", "ENOENT"), ("/loop", "ELOOP"),
        ("/dangling", "ENOENT"), ("/a/file/..", "ENOTDIR"), ("/a/file/x", "ENOTDIR"),
        ("/absolute/no", "ENOENT"),
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_root(way: str, tree: Path, path: str, name: str) -> None:
    assert found(way, tree, path) == getattr(errno, name)


def test_both_ways_let_go_of_all_that_they_opened(way: str, tree: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("/chain", "/out", "/loop", "/a/file/..", "/up/file"):
        found(way, tree, path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


_WITHOUT_OPENAT2 = """
import asyncio, errno, struct, sys
from pathlib import Path
from cloche_engine.core.engine import LocalEngine
from cloche_engine.kernel.syscalls import FilterProgram, openat2, prctl
from tests.kernel.box import Box, Definition, left_in

NUMBER = 437
code = (
    struct.pack("HBBI", 0x20, 0, 0, 0)                      # load the number of the call
    + struct.pack("HBBI", 0x15, 0, 1, NUMBER)               # openat2?
    + struct.pack("HBBI", 0x06, 0, 0, 0x50000 | errno.ENOSYS)
    + struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)           # all else is allowed
)
FilterProgram(code).load()
try:
    openat2(-100, ".", 0, 0)
except OSError as error:
    assert error.errno == errno.ENOSYS
else:
    raise SystemExit("openat2 still works")

async def main():
    root, state, instance, given = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    engine = await LocalEngine.open(state, state / "run", instance)
    try:
        mounts = ((given, "/srv/deep/place", False), (given, "/way/in", True))
        text = Definition(root=root, mounts=mounts).text()
        box = Box(engine, await engine.define(text))
        await box.start()
        line = "touch /srv/deep/place/made; ls /srv/deep/place /way; cat /etc/hostname"
        print(await box.run(line))
        await engine.kill(box.uuid)
    finally:
        for one in await engine.containers():
            if one.state.can_kill:
                await engine.kill(one.uuid)
        await engine.close()
asyncio.run(main())
"""


@pytest.mark.kernel
def test_a_container_starts_where_openat2_is_refused(root: Path, tmp_path: Path) -> None:
    given, victim = tmp_path / "given", tmp_path / "victim"
    given.mkdir()
    victim.mkdir()
    (root / "way").symlink_to(victim)
    before = sorted(path.name for path in root.rglob("*"))
    words = [root, tmp_path / "state", instance_of(tmp_path), given]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_OPENAT2, *map(str, words)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "made" in done.stdout
    assert "box" in done.stdout
    assert (given / "made").exists()
    assert list(victim.iterdir()) == []
    assert sorted(path.name for path in root.rglob("*")) == before
