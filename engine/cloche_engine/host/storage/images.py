"""Filesystems in image files and on block devices, found by their first bytes and mounted detached.

An image is locked as long as its loop device lives: two kernels' worth of caches over one image
would destroy it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

from cloche_engine.host.storage.refused import TreeRefusedError
from cloche_engine.host.storage.source_paths import open_source
from cloche_engine.kernel import loops
from cloche_engine.kernel.syscalls import new_filesystem
from cloche_engine.sandbox.plan.mounts import MountPlan, SourceKind

_MAGIC = (
    ("ext4", 0x438, b"\x53\xef"),
    ("xfs", 0, b"XFSB"),
    ("squashfs", 0, b"hsqs"),
    ("btrfs", 0x10040, b"_BHRfS_M"),
    ("erofs", 0x400, b"\xe2\xe1\xf5\xe0"),
)
_PROBED = 0x10048
_NEVER_WRITTEN = frozenset({"squashfs", "erofs"})
_FRIENDLY = "ext4, xfs, btrfs, squashfs or erofs"


def open_filesystem(mount: MountPlan) -> int:
    """A detached mount of an image or a block device, not mapped yet.

    TreeRefusedError where it holds no known filesystem, or somebody else uses it.
    """
    source = _open_source(mount)
    try:
        kind = _probe(source, mount)
        readonly = mount.readonly or kind in _NEVER_WRITTEN
        if mount.kind is SourceKind.BLOCK:
            return _mounted(kind, mount, f"/proc/self/fd/{source}", readonly=readonly)
        _lock(source, mount, readonly=readonly)
        device = loops.attach(source, readonly=readonly)
    finally:
        os.close(source)
    try:
        path = Path(f"/proc/self/fd/{device}").readlink()
        return _mounted(kind, mount, str(path), readonly=readonly)
    finally:
        os.close(device)


def is_whole(mount: MountPlan) -> bool:
    """Whether the source is what the kind says: a file, or a block device."""
    source = open_source(mount.source)
    try:
        mode = os.fstat(source).st_mode
    finally:
        os.close(source)
    return stat.S_ISREG(mode) if mount.kind is SourceKind.IMAGE else stat.S_ISBLK(mode)


def _open_source(mount: MountPlan) -> int:
    access = os.O_RDONLY if mount.readonly or mount.kind is SourceKind.BLOCK else os.O_RDWR
    try:
        return open_source(mount.source, access | os.O_NONBLOCK)
    except OSError as error:
        raise TreeRefusedError(
            f"{mount.source} cannot be opened: {error.strerror}",
            "give it write permission, or add <readonly/>", mount,
        ) from error  # fmt: skip


def _probe(source: int, mount: MountPlan) -> str:
    head = os.pread(source, _PROBED, 0)
    for kind, offset, magic in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return kind
    raise TreeRefusedError(
        f"{mount.source} holds no filesystem that is known here",
        f"make one in it, of {_FRIENDLY}; a partition table is not looked into", mount,
    )  # fmt: skip


def _lock(image: int, mount: MountPlan, *, readonly: bool) -> None:
    """The loop device keeps the open file, and with it the lock (flock(2))."""
    try:
        fcntl.flock(image, (fcntl.LOCK_SH if readonly else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _in_use(mount) from None
    found = os.fstat(image)
    if not readonly and any(_same_file(path, found) for path in _attached()):
        raise _in_use(mount)


def _attached() -> list[str]:
    """The files behind the host's loop devices."""
    files = Path("/sys/block").glob("loop*/loop/backing_file")
    return [text for file in files if (text := _text(file))]


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:  # detached meanwhile
        return ""


def _same_file(path: str, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(Path(path).stat(), found)
    except OSError:
        return False


def _in_use(mount: MountPlan) -> TreeRefusedError:
    return TreeRefusedError(
        f"the image {mount.source} is in use already, by a container or by this system",
        "end that first, or give both of them <readonly/>", mount,
    )  # fmt: skip


def _mounted(kind: str, mount: MountPlan, device: str, *, readonly: bool) -> int:
    options: dict[str, str | None] = {"ro": None} if readonly else {}
    try:
        return new_filesystem(kind, 0, source=device, **options)
    except OSError as error:
        raise _refusal(kind, mount, error) from error


def _refusal(kind: str, mount: MountPlan, error: OSError) -> TreeRefusedError:
    match error.errno:
        case errno.ENODEV:
            return TreeRefusedError(
                f"{mount.source} holds {kind}, which this kernel cannot mount",
                f"load the module: modprobe {kind}", mount,
            )  # fmt: skip
        case errno.EBUSY:
            return TreeRefusedError(
                f"{mount.source} is mounted already, otherwise than it is wanted here",
                "unmount it there, or make both read-only or both not", mount,
            )  # fmt: skip
        case _:
            return TreeRefusedError(
                f"the {kind} filesystem in {mount.source} cannot be mounted: {error.strerror}",
                "check it with fsck; the kernel's own log says more", mount,
            )  # fmt: skip
