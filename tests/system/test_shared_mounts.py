"""A host whose mounts are shared, as systemd makes them: nothing of a container spreads to it."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.bus import world
from tests.kernel.box import busybox_root
from tests.system.command import Command

pytestmark = [pytest.mark.kernel, pytest.mark.bus]

# Private first, so that what the tests are against would not reach this machine either.
_SHARED = ["unshare", "-m", "--propagation", "private", "unshare", "-m", "--propagation", "shared"]


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[world.Helper]:
    words = [*_SHARED, *world.real_helper_words(tmp_path / "x")]
    with world.helper(tmp_path / "x", words=words) as running:
        yield running


def mounts(helper: world.Helper) -> list[str]:
    """Where something is mounted for the helper, and so for its host."""
    lines = Path(f"/proc/{helper.process.pid}/mountinfo").read_text().splitlines()
    assert any(" shared:" in line for line in lines)
    return [line.split()[4] for line in lines]


def test_a_container_with_a_root_of_its_own(helper: world.Helper, tmp_path: Path) -> None:
    command, root = Command(helper.directory), busybox_root(tmp_path / "root")
    (tmp_path / "given").mkdir()
    before = mounts(helper)
    name = command.start(root=root, mounts=((tmp_path / "given", "/srv/given", False),))
    assert mounts(helper) == before
    command.ok("exec", name, "--", "mkdir", "/srv/given/made")
    command.ok("kill", name)
    assert (tmp_path / "given/made").is_dir()
    assert sorted(path.name for path in root.iterdir()) == ["bin"]


def test_a_container_that_shares_the_hosts_root(helper: world.Helper) -> None:
    command = Command(helper.directory)
    before = mounts(helper)
    name = command.start()
    assert mounts(helper) == before
    command.ok("kill", name)


def test_mounts_of_the_host_reach_no_container(helper: world.Helper, tmp_path: Path) -> None:
    command, root = Command(helper.directory), busybox_root(tmp_path / "root")
    (tmp_path / "given").mkdir()
    name = command.start(root=root, mounts=((tmp_path / "given", "/given", False),))
    inside = command.ok("exec", name, "--", "cat", "/proc/self/mountinfo")
    assert " shared:" not in inside
    assert " master:" not in inside
    command.ok("kill", name)


def test_what_waits_for_the_next_start_keeps_no_disk_of_the_host_busy(
    helper: world.Helper, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    there = ["nsenter", f"--target={helper.process.pid}", "--mount"]
    subprocess.run([*there, "mount", "-t", "tmpfs", "none", stick], check=True)
    command = Command(helper.directory)
    names = [
        command.start(name=f"box{number}") for number in range(3)
    ]  # those that wait now came after the mount
    assert wait_until(lambda: len(seen_by(stick)) > 1)
    subprocess.run([*there, "umount", stick], check=True)
    assert wait_until(lambda: not seen_by(stick))
    for name in names:
        command.ok("kill", name)


def seen_by(place: Path) -> set[str]:
    """The mount namespaces in which something is mounted there."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            points = [line.split()[4] for line in (process / "mountinfo").read_text().splitlines()]
            if str(place) in points:
                found.add(str((process / "ns/mnt").readlink()))
    return found


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
