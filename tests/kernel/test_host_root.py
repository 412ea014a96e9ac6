"""A container without a root of its own shares the host's, as a stranger."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.kernel.box import Define

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.model import State
from cloche_engine.host.storage import roots
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import mount_setattr, open_tree

pytestmark = pytest.mark.kernel


async def test_it_may_not_read_what_only_root_may(define: Define) -> None:
    box = await define()
    await box.start()
    status, said = await box.status("cat /etc/shadow")
    assert status != 0
    assert "Permission denied" in said
    assert "root:" in await box.run("cat /etc/passwd")


async def test_control_with_an_idmapped_host_root_it_reads_shadow(
    define: Define, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same attack against a weakened engine: here /etc is mapped to the container's ids."""
    box = await define(mounts=(("/etc", "/etc", True),))
    await box.start()
    status, said = await box.status("cat /etc/shadow")
    assert status == 0
    assert "root:" in said


async def test_it_cannot_install_anything(define: Define) -> None:
    box = await define()
    container = await box.start()
    assert container.shares_host_root
    for place in ("/usr/bin/x", "/etc/x", "/opt/x", "/var/x"):
        assert "Read-only" in await box.run(f"touch {place}"), place
    for line in (await box.run("cat /proc/self/mountinfo")).splitlines():
        fields = line.split()
        if fields[4] in {"/usr", "/etc", "/opt", "/var", "/srv"}:
            assert {"ro", "nosuid", "nodev"} <= set(fields[5].split(",")), line


async def test_private_folders_are_empty_and_its_own(define: Define, tmp_path: Path) -> None:
    box = await define()
    await box.start()
    for folder in ("root", "home", "tmp", "run", "var/tmp"):
        assert await box.run(f"ls -A /{folder}") == "", folder
        assert await box.run(f"echo x >/{folder}/mine && cat /{folder}/mine") == "x\n", folder
        assert not Path(f"/{folder}/mine").exists()


async def test_a_new_top_level_target_appears(define: Define, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given/file").write_text("hello")
    box = await define(mounts=((tmp_path / "given", "/mine", False),))
    await box.start()
    assert await box.run("cat /mine/file") == "hello"
    assert not Path("/mine").exists()


async def test_a_target_in_a_private_folder_is_made(define: Define, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    box = await define(mounts=((tmp_path / "given", "/home/me/things", False),))
    await box.start()
    await box.run("echo written >/home/me/things/file")
    assert (tmp_path / "given/file").read_text() == "written\n"
    assert (tmp_path / "given/file").stat().st_uid == 0


async def test_a_deeper_missing_target_is_refused_with_a_way_out(
    define: Define, tmp_path: Path
) -> None:
    box = await define(mounts=((tmp_path, "/usr/share/not-there", False),))
    with pytest.raises(StartFailedError) as refused:
        await box.start()
    assert "/usr/share/not-there does not exist on this system" in refused.value.message
    assert "mount on a new top-level directory such as /not-there" in refused.value.hint
    assert (await box.now()).state is State.FAILED
    assert not Path("/usr/share/not-there").exists()


async def test_a_declared_mount_goes_on_top_of_the_hosts(define: Define, tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "motto").write_text("mine")
    box = await define(mounts=((etc, "/etc/", False),))
    await box.start()
    assert await box.run("cat /etc/motto") == "mine"
    assert sorted(path.name for path in etc.iterdir()) == [
        "hostname",
        "hosts",
        "motto",
        "resolv.conf",
    ]
    await box.engine.kill(box.uuid)
    assert [path.name for path in etc.iterdir()] == ["motto"]


def test_the_hosts_root_is_opened_unmapped_and_read_only() -> None:
    shared = roots.host_root()
    opened = roots.open_host_directories(shared)
    try:
        assert {"usr", "etc"} <= set(shared.directories)
        assert not {"root", "home", "tmp", "run", "dev", "proc", "sys"} & set(shared.directories)
        for descriptor in opened.values():
            assert os.fstatvfs(descriptor).f_flag & os.ST_RDONLY
    finally:
        for descriptor in opened.values():
            os.close(descriptor)


def test_control_a_tree_opened_without_the_guard_is_writable() -> None:
    descriptor = open_tree(k.AT_FDCWD, "/etc")
    try:
        mount_setattr(descriptor, k.MOUNT_ATTR_NOSUID)
        assert not os.fstatvfs(descriptor).f_flag & os.ST_RDONLY
    finally:
        os.close(descriptor)
