"""The Debian 12 that tests run in: packages by mmdebstrap, a disk by mkfs.ext4, neither as root."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.apt import SOURCES, proxy
from tests.guest.cache import Cache

SUITE = "bookworm"
_SYSTEM = """
    systemd-sysv udev kmod linux-image-amd64 initramfs-tools apparmor dbus python3 busybox-static
    xfsprogs squashfs-tools xz-utils zstd
""".split()
_NOT_NEEDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")

_FILES = {
    "etc/hostname": "guest\n",
    "etc/fstab": "LABEL=guest / ext4 defaults 0 0\n"
    "LABEL=checkout /opt/cloche ext4 defaults 0 0\n"
    "LABEL=packages /opt/packages ext4 defaults 0 0\n",
    # Not by PYTHONPATH, which the helper and the monitors do not heed.
    "usr/local/lib/python3.11/dist-packages/cloche.pth": "/opt/packages\n"
    "/opt/cloche/checkout/engine\n/opt/cloche/checkout/gui\n",
    "etc/systemd/system/cloche-tests.service": """\
[Unit]
Description=The tests of a checkout of Cloche
RequiresMountsFor=/opt/cloche /opt/packages
SuccessAction=poweroff-force
FailureAction=poweroff-force

[Service]
Type=oneshot
Environment=LANG=C.UTF-8
ExecStart=/usr/bin/python3 /opt/cloche/checkout/tests/guest/inside.py
StandardOutput=file:/dev/ttyS1
StandardError=inherit

[Install]
WantedBy=multi-user.target
""",
}
# A small initrd: two thirds of the time that the kernel needs to get to init under emulation.
_EARLY_FILES = {
    "etc/initramfs-tools/conf.d/guest": "MODULES=list\n",
    "usr/share/initramfs-tools/modules.d/guest": "virtio_pci\nvirtio_blk\next4\n",
}
_TREE_TO_DISK = """
mkdir tree
tar --extract --file tree.tar --directory tree --numeric-owner --exclude './dev/*'
cp tree/boot/vmlinuz-* kernel
cp tree/boot/initrd.img-* initrd
truncate --size 3G disk
mkfs.ext4 -q -L guest -d tree disk
rm -rf tree tree.tar early files
"""


@dataclass(frozen=True, slots=True)
class Image:
    """What a machine boots from."""

    kernel: Path
    initrd: Path
    disk: Path


def image(cache: Cache, packages: str) -> Image:
    """The image with these packages besides the system's own; `a|b` stands for either."""
    words = _mmdebstrap(packages)
    made_of = (words, _FILES, _EARLY_FILES, _TREE_TO_DISK)
    folder = cache.folder("image", made_of, lambda place: _make(place, words))
    return Image(folder / "kernel", folder / "initrd", folder / "disk")


def _make(folder: Path, words: list[str]) -> None:
    for name, files in (("early", _EARLY_FILES), ("files", _FILES)):
        _write(folder / name, files)
    subprocess.run([*words, *_sources()], cwd=folder, check=True)
    as_root = [] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--map-auto"]
    subprocess.run([*as_root, "sh", "-euc", _TREE_TO_DISK], cwd=folder, check=True)


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _mmdebstrap(packages: str) -> list[str]:
    names = ",".join([*_SYSTEM, *map(_choice, packages.split())])
    return [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={names}",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _NOT_NEEDED),
        "--essential-hook=sync-in early /",
        "--customize-hook=sync-in files /",
        '--customize-hook=chroot "$1" systemctl enable --quiet cloche-tests',
        SUITE,
        "tree.tar",
    ]


def _choice(names: str) -> str:
    return "|".join(f"?exact-name({name})" for name in names.split("|")) if "|" in names else names


def _sources() -> list[str]:
    """The package sources of a machine that runs this release; else those of mmdebstrap."""
    own = platform.freedesktop_os_release().get("VERSION_CODENAME") == SUITE
    file = next((name for name in SOURCES if Path(name).exists()), None)
    return [*proxy(), *([file] if own and file else [])]
