"""A host whose mounts are shared, as systemd makes them: nothing of a container spreads to it."""

from __future__ import annotations

from collections.abc import Iterator
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
