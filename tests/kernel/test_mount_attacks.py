"""Trees that want a mount elsewhere (attacks E3, E4, E5, E20), each with what would succeed.

Archives (E11, E12, E23) have their tests in test_archives, live mounts (E17) in test_live_mounts.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kernel.box import Define, Definition, busybox_root, left_in

from cloche_engine.api.errors import StartFailedError
from cloche_engine.core.engine import LocalEngine
from cloche_engine.kernel.syscalls import open_tree

pytestmark = pytest.mark.kernel

SECONDS = 8.0
_EXCHANGE = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
one, other = (os.fsencode(path) for path in sys.argv[1:3])
pause = float(sys.argv[3])
print("ready", flush=True)
while True:
    libc.renameat2(-100, one, -100, other, 2)
    if pause:
        time.sleep(pause)
"""


def listing(tree: Path) -> list[tuple[str, int, int]]:
    """Everything of a folder with inode and time of change."""
    found = [tree, *sorted(tree.rglob("*"))]
    return [(str(each), (s := each.lstat()).st_ino, s.st_mtime_ns) for each in found]


def host_mounts() -> list[str]:
    """Mount points of the host below folders of tests."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return sorted(point for line in lines if "pytest" in (point := line.split()[4]))


@contextlib.contextmanager
def exchanged(one: Path, other: Path, pause: float = 0.0) -> Iterator[None]:
    """Two names of a shared folder change places all the time, or after pauses in seconds.

    Without one, whoever writes to that folder waits long for its lock.
    """
    words = [sys.executable, "-I", "-S", "-c", _EXCHANGE, str(one), str(other), str(pause)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as racer:
        assert racer.stdout is not None
        racer.stdout.readline()
        try:
            yield
        finally:
            racer.kill()


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    folder = tmp_path / "victim"
    (folder / "b").mkdir(parents=True)
    (folder / "b/secret").write_text("secret")
    return folder


async def test_a_component_that_is_exchanged_while_it_is_mounted_leads_nowhere(
    define: Define, root: Path, victim: Path, tmp_path: Path
) -> None:
    """E3 and E5: two seconds each for a link to a folder of the host, /, /proc and its attr."""
    volume, given = tmp_path / "volume", tmp_path / "given"
    (volume / "a/b").mkdir(parents=True)
    given.mkdir()
    (given / "mark").write_text("given")
    box = await define(
        root=root, mounts=((volume, "/vol", False), (given, "/vol/a/b", False)),
        program=("/bin/sleep", "1000"),
    )  # fmt: skip
    before, mounts = listing(victim), host_mounts()
    starts = 0
    for target in (str(victim), "/", "/proc", "/proc/self/attr"):
        (volume / "link").unlink(missing_ok=True)
        (volume / "link").symlink_to(target)
        with exchanged(volume / "a", volume / "link"):
            deadline = time.monotonic() + SECONDS / 4
            while time.monotonic() < deadline:
                try:
                    pid = (await box.start()).pid
                except StartFailedError:
                    continue
                starts += 1
                seen = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
                points = [line.split()[4] for line in seen if str(given) in line.split()[3]]
                assert all(point.startswith("/vol/") for point in points), points
                assert sum(" /proc/sys " in line for line in seen) == 1
                assert host_mounts() == mounts
                await box.engine.kill(box.uuid)
        if (volume / "a").is_symlink():
            (volume / "link").rename(volume / "real")
            (volume / "a").rename(volume / "link")
            (volume / "real").rename(volume / "a")
    assert starts
    assert listing(victim) == before
    assert (victim / "b/secret").read_text() == "secret"


def test_whoever_mounts_by_path_lands_where_the_link_leads(
    root: Path, victim: Path, tmp_path: Path
) -> None:
    """The control of E3, in a mount namespace of its own."""
    (tmp_path / "given").mkdir()
    (root / "vol").mkdir()
    (root / "vol/a").symlink_to(victim)
    naive = f"mount --bind {tmp_path / 'given'} {root}/vol/a/b; cat /proc/self/mountinfo"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", naive], check=True, capture_output=True, text=True
    )
    assert str(victim / "b") in [line.split()[4] for line in done.stdout.splitlines()]


_WRONG = {
    "proc": "/proc/sys/kernel/core_pattern", "console": "/proc/sysrq-trigger",
    "null": "/proc/sys/kernel/core_pattern", "pts": "/proc/1", "ptmx": "/proc/kcore",
    "zero": "/etc/shadow",
}  # fmt: skip


async def test_links_in_place_of_devices_mask_nothing_else(define: Define, root: Path) -> None:
    """E4: what is bound over a kernel's file comes from us, never from a path of the tree."""
    (root / "dev").mkdir()
    for name, target in _WRONG.items():
        (root / "dev" / name).symlink_to(target)
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    box = await define(root=root)
    await box.start()
    shown = await box.run("ls -l /dev/null /dev/zero /proc/interrupts /dev/console")
    numbers = {line.split()[-1]: line.split()[4:6] for line in shown.splitlines()}
    assert numbers["/dev/null"] == ["1,", "3"]
    assert numbers["/dev/zero"] == ["1,", "5"]
    assert numbers["/proc/interrupts"] == ["1,", "3"]
    assert numbers["/dev/console"][0] == "136,"
    assert "Read-only" in await box.run("echo x >/proc/sys/kernel/core_pattern")
    assert Path("/proc/sys/kernel/core_pattern").read_text() == pattern


@pytest.mark.parametrize("name", ["dev", "proc", "sys"])
async def test_a_link_in_place_of_the_kernels_folders_is_refused(
    define: Define, root: Path, name: str
) -> None:
    """E4, E6: programs take /proc for procfs, and one such link could hide another's place."""
    (root / "other").mkdir()
    (root / name).symlink_to("/other")
    box = await define(root=root)
    with pytest.raises(StartFailedError, match=f"/{name} of its root is a link") as refused:
        await box.start()
    assert refused.value.hint
    (root / name).unlink()
    await box.start()


def test_whoever_takes_a_device_by_its_path_gets_the_kernels_file(root: Path) -> None:
    """The control of E4."""
    (root / "dev").mkdir()
    (root / "dev/null").symlink_to(_WRONG["null"])
    followed = os.open(root / "dev/null", os.O_PATH)
    mount = open_tree(followed, "")
    try:
        expected = Path(_WRONG["null"]).stat()
        assert os.path.samestat(os.fstat(mount), expected)
    finally:
        os.close(mount)
        os.close(followed)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("dangling", "/var/lib/cloche-test-dangling"), ("up", "../../../../../../var/lib"),
        ("magic", "/proc/self/root"), ("cwd", "/proc/self/cwd"),
    ],
)  # fmt: skip
async def test_a_link_as_target_makes_nothing_on_the_host(
    define: Define, root: Path, tmp_path: Path, name: str, target: str
) -> None:
    """E5: missing mount points are made where the container would see them."""
    (tmp_path / "given").mkdir()
    (root / name).symlink_to(target)
    outside = {entry.name for entry in Path("/var/lib").iterdir()}
    box = await define(root=root, mounts=((tmp_path / "given", f"/{name}/deep/mount", False),))
    with contextlib.suppress(StartFailedError):
        await box.start()
        await box.engine.kill(box.uuid)
    assert {entry.name for entry in Path("/var/lib").iterdir()} == outside


@pytest.mark.parametrize("kind", ["fifo", "socket", "file"])
async def test_what_is_no_directory_as_target_is_refused_in_words(
    define: Define, root: Path, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "given").mkdir()
    if kind == "fifo":
        os.mkfifo(root / "target")
    elif kind == "socket":
        ctypes.CDLL(None).mknod(os.fsencode(root / "target"), 0o140600, 0)
    else:
        (root / "target").touch()
    box = await define(root=root, mounts=((tmp_path / "given", "/target", False),))
    with pytest.raises(StartFailedError) as refused:
        await box.start()
    assert refused.value.hint


async def test_a_definition_tells_nobody_which_paths_there_are(
    engine: LocalEngine, tmp_path: Path
) -> None:
    """E20: what a save answers is the same whether a path of the host exists or not.

    The control is a start, which does tell; polkit has been asked by then for what is mounted.
    """
    root = busybox_root(tmp_path / "root")
    (tmp_path / "hidden").mkdir(mode=0o700)
    (tmp_path / "hidden/there").mkdir()
    outcomes = {}
    for name in ("there", "not-there"):
        text = Definition(
            name="box", root=root, mounts=((tmp_path / "hidden" / name, "/x", False),)
        ).text()
        container = await engine.define(text)
        outcomes[name] = replace(container, uuid="", etag="")
        try:
            await engine.start(container.uuid)
            await engine.kill(container.uuid)
            started = True
        except StartFailedError:
            started = False
        assert started is (name == "there")
        await engine.undefine(container.uuid)
    assert outcomes["there"] == outcomes["not-there"]


async def test_what_lies_where_a_tree_was_put_away_is_not_touched_by_the_end(
    define: Define, root: Path, tmp_path: Path
) -> None:
    """The owner of the folder above may put a link there. The control is the tree left in place."""
    (tmp_path / "given").write_text("given")
    victim = tmp_path / "victim"
    for folder in ("proc", "sys", "dev", "etc"):
        (victim / folder).mkdir(parents=True)
    (victim / "etc/nologin").touch()
    before = listing(victim)
    box = await define(root=root, mounts=((tmp_path / "given", "/etc/nologin", False),))
    await box.start()
    assert (root / "etc/nologin").exists()
    await box.engine.kill(box.uuid)
    assert not (root / "etc").exists()
    await box.start()
    root.rename(tmp_path / "away")
    root.symlink_to(victim)
    await box.engine.kill(box.uuid)
    assert listing(victim) == before
    assert left_in(tmp_path / "state/run") == ["trees.lock"]


USER = 1000


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A folder of a user's, in which he can put what he likes in the place of anything."""
    folder = tmp_path / "of-a-user"
    folder.mkdir()
    os.chown(folder, USER, USER)
    return folder


def link(place: Path, target: Path, owner: int) -> Path:
    place.unlink(missing_ok=True)
    place.symlink_to(target)
    os.lchown(place, owner, owner)
    return place


@pytest.mark.parametrize("as_root", [True, False])
async def test_a_users_link_in_place_of_his_tree_gives_nobody_what_it_leads_to(
    define: Define, users: Path, root: Path, victim: Path, as_root: bool
) -> None:
    """The controls: the same link by root, and one of his to what is his own."""
    if as_root:
        busybox_root(victim)
        box = await define(root=users / "box")
    else:
        box = await define(root=root, mounts=((users / "box", "/data", False),))
    secret = "/b/secret" if as_root else "/data/b/secret"
    link(users / "box", victim, USER)
    before = listing(victim)
    with pytest.raises(StartFailedError, match=f"a link of the user {USER} is on the way") as told:
        await box.start()
    assert "what the link leads to" in told.value.hint
    assert listing(victim) == before
    link(users / "box", victim, 0)
    await box.start()
    assert await box.run(f"cat {secret}") == "secret"
    await box.engine.kill(box.uuid)
    os.chown(victim, USER, USER)
    link(users / "box", victim, USER)
    await box.start()
    assert await box.run(f"cat {secret}") == "secret"


async def test_a_users_link_in_place_of_his_image_is_not_followed(
    define: Define, users: Path, root: Path, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    image.touch()
    subprocess.run(["truncate", "-s", "16M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    source = f"<source file='{users / 'image'}'/><target dir='/data'/>"
    box = await define(root=root, inside=f"<filesystem type='file'>{source}</filesystem>")
    link(users / "image", image, USER)
    with pytest.raises(StartFailedError, match=f"a link of the user {USER} is on the way"):
        await box.start()
    link(users / "image", image, 0)
    await box.start()
    assert "lost+found" in await box.run("ls /data")
