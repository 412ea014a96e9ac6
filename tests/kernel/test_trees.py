"""Roots and mounts of the user's own: order, read-only, missing mount points, links."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, busybox_root, left_in

from cloche_engine.api.errors import StartFailedError
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel


def listing(tree: Path) -> list[str]:
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))


async def test_missing_mount_points_are_made_for_the_run_only(
    define: Define, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "given").mkdir()
    before = listing(root)
    box = await define(root=root, mounts=((tmp_path / "given", "/srv/deep/place", False),))
    await box.start()
    assert {"proc", "sys", "dev", "srv/deep/place"} <= set(listing(root))
    await box.engine.kill(box.uuid)
    assert listing(root) == before


async def test_many_containers_of_one_tree_share_its_mount_points(
    define: Define, root: Path, tmp_path: Path
) -> None:
    """What each has to remember of the others does not grow with their number."""
    before = listing(root)
    boxes = [await define(name=f"box{number}", root=root) for number in range(8)]
    for box in boxes:
        await box.start()
    records = [
        file.read_text().splitlines() for file in (tmp_path / "state/run/made").glob("?" * 32)
    ]
    assert len(records) == len(boxes)
    assert {len(record) for record in records} == {len(set(records[0]))}
    for box in boxes:
        await box.engine.kill(box.uuid)
    assert listing(root) == before


async def test_a_failed_start_takes_its_mount_points_back(define: Define, root: Path) -> None:
    before = listing(root)
    box = await define(root=root, program=("/bin/not-there",))
    with pytest.raises(StartFailedError):
        await box.start()
    assert listing(root) == before


async def test_two_containers_of_one_tree_do_not_lose_their_mount_points(
    define: Define, root: Path
) -> None:
    before = listing(root)
    first, second = await define(name="first", root=root), await define(name="second", root=root)
    await first.start()
    await second.start()
    await first.engine.kill(first.uuid)
    assert "1 0" in await second.run("ps")
    await second.engine.kill(second.uuid)
    assert listing(root) == before


async def test_read_only_is_honoured(define: Define, root: Path, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    box = await define(root=root, mounts=((tmp_path / "given", "/given", True),))
    await box.start()
    assert "Read-only" in await box.run("touch /given/x")
    assert await box.run("touch /other && ls /other") == "/other\n"


async def test_mounts_come_in_document_order(define: Define, root: Path, tmp_path: Path) -> None:
    for name in ("outer", "inner"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    (tmp_path / "outer/sub").mkdir()
    mounts = ((tmp_path / "outer", "/data", False), (tmp_path / "inner", "/data/sub", False))
    box = await define(root=root, mounts=mounts)
    await box.start()
    assert (await box.run("ls /data /data/sub")).split() == [
        "/data:", "outer", "sub", "/data/sub:", "inner",
    ]  # fmt: skip


async def test_a_single_file_can_be_mounted(define: Define, root: Path, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("welcome")
    box = await define(root=root, mounts=((tmp_path / "motd", "/etc/motd", True),))
    await box.start()
    assert await box.run("cat /etc/motd") == "welcome"
    await box.engine.kill(box.uuid)
    assert not (root / "etc").exists()


async def test_files_written_inside_belong_to_the_same_ids_on_the_host(
    box: Box, root: Path
) -> None:
    await box.run("touch /root-file /other; chown 33:33 /other")
    assert (root / "root-file").stat().st_uid == 0
    assert ((root / "other").stat().st_uid, (root / "other").stat().st_gid) == (33, 33)


async def test_names_and_nameservers_are_provided_without_touching_the_tree(
    define: Define, root: Path
) -> None:
    (root / "etc").mkdir()
    (root / "etc/hosts").write_text("the tree's own")
    box = await define(root=root, inside="<network hostname='browndog'/>")
    await box.start()
    assert await box.run("hostname; cat /etc/hostname") == "browndog\nbrowndog\n"
    assert "browndog" in await box.run("cat /etc/hosts")
    await box.run("echo 1.2.3.4 added >>/etc/hosts")
    await box.engine.kill(box.uuid)
    assert (root / "etc/hosts").read_text() == "the tree's own"
    assert listing(root / "etc") == ["hosts"]


async def test_a_resolv_conf_that_is_a_link_stays_inside_the_root(
    define: Define, root: Path
) -> None:
    (root / "etc").mkdir()
    outside = Path("/run/cloche-test-outside")
    (root / "etc/resolv.conf").symlink_to(outside / "resolv.conf")
    box = await define(root=root)
    await box.start()
    assert await box.run("cat /etc/resolv.conf") == ""
    assert not outside.exists()
    await box.engine.kill(box.uuid)
    assert listing(root / "etc") == ["resolv.conf"]
    assert not (root / "run").exists()


async def test_links_in_a_hostile_tree_lead_nowhere(
    define: Define, root: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (root / "way").symlink_to(victim)
    (root / "etc").symlink_to("/" + "../" * 12 + str(victim).lstrip("/"))
    box = await define(root=root, mounts=((tmp_path / "root/bin", "/way/in", True),))
    await box.start()
    assert listing(victim) == []
    await box.engine.kill(box.uuid)
    assert listing(victim) == []


async def test_a_root_without_proc_that_cannot_get_one_is_refused_in_words(
    define: Define, root: Path, tmp_path: Path
) -> None:
    (root / "proc").write_text("a file")
    box = await define(root=root)
    with pytest.raises(StartFailedError) as refused:
        await box.start()
    assert f"{root}/proc is a file" in refused.value.message
    assert refused.value.hint


async def test_a_read_only_filesystem_without_mount_points_is_refused_in_words(
    define: Define, tmp_path: Path
) -> None:
    tree = busybox_root(tmp_path / "tree")
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    subprocess.run(["mount", "--bind", tree, mounted], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", mounted], check=True)
        box = await define(root=mounted)
        with pytest.raises(StartFailedError) as refused:
            await box.start()
    finally:
        subprocess.run(["umount", mounted], check=True)
    assert "cannot be made: Read-only file system" in refused.value.message
    assert f"mkdir -p {mounted}/proc" in refused.value.hint


async def test_a_ram_disk_has_its_size(define: Define, root: Path) -> None:
    ram = (
        "<filesystem type='ram'><source usage='2048' units='KiB'/><target dir='/ram'/></filesystem>"
    )
    box = await define(root=root, inside=ram)
    await box.start()
    assert "size=2048k" in await box.run("mount | grep ' /ram '")
    assert "No space left" in await box.run("dd if=/dev/zero of=/ram/x bs=1M count=3")


async def test_the_engine_leaves_its_folders_clean(
    engine: LocalEngine, box: Box, tmp_path: Path
) -> None:
    await engine.kill(box.uuid)
    assert left_in(tmp_path / "state/run") == ["trees.lock"]


async def test_a_mount_point_that_the_host_uses_meanwhile_stays(define: Define, root: Path) -> None:
    box = await define(root=root)
    await box.start()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(root / "sys")], check=True)
    try:
        ended = await box.engine.kill(box.uuid)
        assert ended.error == ""
        assert listing(root / "sys") == []
    finally:
        subprocess.run(["umount", str(root / "sys")], check=True)
