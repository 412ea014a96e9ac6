"""LXC's own configuration: its root and what is mounted in it."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.conf_reading import (
    codes,
    lxc,
    meant,
    mended,
    native,
    the_error,
    warnings,
)

from cloche_engine.definition.spec import (
    Filesystem,
    FilesystemKind,
)


@pytest.mark.parametrize(
    ("path", "kind", "source"),
    [
        ("/srv/a", FilesystemKind.MOUNT, "/srv/a"),
        ("dir:/srv/a", FilesystemKind.MOUNT, "/srv/a"),
        ("btrfs:/srv/a", FilesystemKind.MOUNT, "/srv/a"),
        ("/dev/vg/a", FilesystemKind.BLOCK, "/dev/vg/a"),
        ("lvm:/dev/vg/a", FilesystemKind.BLOCK, "/dev/vg/a"),
        ("loop:/srv/a.img", FilesystemKind.FILE, "/srv/a.img"),
        ("/srv/a:b", FilesystemKind.MOUNT, "/srv/a:b"),
    ],
)
def test_a_root_is_known_by_its_prefix(path: str, kind: FilesystemKind, source: str) -> None:
    reading = lxc(f"lxc.uts.name = one\nlxc.rootfs.path = {path}\nlxc.rootfs.options = ro,noatime")
    assert reading.errors == ()
    assert meant(reading).filesystems == (
        Filesystem(kind, source, "/", readonly=True, options=("noatime",)),
    )


@pytest.mark.parametrize("backend", ["overlay:/a:/b", "zfs:tank/a", "nbd:/a:1", "rbd:pool/a"])
def test_another_backend_of_a_root_is_refused_by_name_and_kept(backend: str) -> None:
    reading = lxc(f"lxc.uts.name = one\nlxc.rootfs.path = {backend}\n")
    assert codes(reading) == ["rootfs"]
    assert backend.partition(":")[0] in the_error(reading).reason
    assert [kept.text for kept in meant(reading).opaque] == [f"lxc.rootfs.path = {backend}"]


def test_a_file_without_a_root_is_told_that_lxc_would_share_the_hosts() -> None:
    reading = lxc("lxc.uts.name = one\n")
    assert warnings(reading) == ["missing"]
    assert meant(reading).shares_host_root


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("/srv/my\\040data data none bind,create=dir 0 0",
         Filesystem(FilesystemKind.MOUNT, "/srv/my data", "/data")),
        ("/srv/a a none rbind,ro,optional,create=file 0 0",
         Filesystem(FilesystemKind.MOUNT, "/srv/a", "/a", readonly=True,
                    options=("rbind", "optional", "create=file"))),
        ("/srv/a /srv/one/a/ none bind", Filesystem(FilesystemKind.MOUNT, "/srv/a", "/a")),
        ("/dev/sdb1 data xfs ro 0 0",
         Filesystem(FilesystemKind.BLOCK, "/dev/sdb1", "/data", readonly=True,
                    options=("fstype=xfs",))),
        ("/dev/sdb1 data ext4 defaults 0 0",
         Filesystem(FilesystemKind.BLOCK, "/dev/sdb1", "/data")),
        ("/dev/dri dev/dri none bind,optional,create=dir",
         Filesystem(FilesystemKind.MOUNT, "/dev/dri", "/dev/dri", options=("optional",))),
        ("dev/null etc/mtab none bind,relative 0 0",
         Filesystem(FilesystemKind.BIND, "/dev/null", "/etc/mtab")),
        ("tmpfs\tcache  tmpfs\tsize=1m,noexec 0 0",
         Filesystem(FilesystemKind.RAM, "", "/cache", size_kib=1024, options=("noexec",))),
    ],
)  # fmt: skip
def test_a_mount_is_read_as_an_fstab_line(line: str, means: Filesystem) -> None:
    reading = native(f"lxc.mount.entry = {line}")
    assert reading.errors == ()
    assert meant(reading).filesystems[1] == means


@pytest.mark.parametrize("target", ["proc", "/sys", "proc/sys", "sys/fs/selinux"])
def test_basic_mounts_are_there_anyway_and_stay_in_the_file(target: str) -> None:
    reading = native(f"lxc.mount.entry = x {target} proc defaults 0 0")
    assert reading.problems == ()
    assert len(meant(reading).filesystems) == 1
    assert [kept.path for kept in meant(reading).opaque] == ["lxc.mount.entry"]


def test_a_target_that_lxc_would_overlook_is_told_with_its_mend() -> None:
    text = "lxc.uts.name = a\nlxc.rootfs.path = /srv/a\nlxc.mount.entry = /b /my\\040c none bind\n"
    reading = lxc(text)
    assert warnings(reading) == ["path"]
    better = lxc(mended(text, reading.problems[0], "relative"))
    assert better.problems == ()
    assert better.spec == reading.spec
