"""Disks of a guest besides its system: Python packages, the checkout, a place for results."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.guest.cache import Cache

REPOSITORY = Path(__file__).parents[2]
_LOCK = REPOSITORY / "requirements-dev.txt"
_PLATFORMS = [f"--platform=manylinux_2_{minor}_x86_64" for minor in range(5, 37)]


def packages_disk(cache: Cache) -> Path:
    """The pinned Python packages as Debian 12's own Python wants them."""
    words = ["install", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    words += ["--python-version=3.11", *_PLATFORMS]

    def make(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", *words]
        tree = folder / "tree"
        subprocess.run([*pip, f"--target={tree}", f"--requirement={_LOCK}"], check=True)
        _disk(folder / "disk", tree, "packages", 1 << 30)

    return cache.folder("packages", (words, _LOCK.read_text()), make) / "disk"


def checkout_disk(folder: Path, arguments: list[str]) -> Path:
    """What git knows or would add, as it lies there, and the arguments of pytest beside it."""
    tree = folder / "tree"
    listed = "git ls-files -z --cached --others --exclude-standard --deduplicate".split()
    said = subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    for name in filter(None, said.stdout.split("\0")):
        source, target = REPOSITORY / name, tree / "checkout" / name
        if source.exists():  # deleted, and not committed yet
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    (tree / "arguments").write_text("\0".join(arguments))
    return _disk(folder / "checkout", tree, "checkout", 256 << 20)


def results_disk(folder: Path) -> Path:
    """A disk to which the guest writes a tar."""
    disk = folder / "results"
    _empty(disk, 64 << 20)
    return disk


def read_results(disk: Path, folder: Path) -> int | None:
    """Unpack what the guest wrote; the exit status of pytest, or None if it never came so far."""
    with tarfile.open(disk, "r:") as tar:  # of a disk full of zeros it makes an empty one
        for member in tar:
            if content := tar.extractfile(member):
                (folder / Path(member.name).name).write_bytes(content.read())
    status = folder / "status"
    return int(status.read_text()) if status.exists() else None


def _disk(disk: Path, tree: Path, label: str, size: int) -> Path:
    """A file system with what the tree has; the tree is used up."""
    _empty(disk, size)
    words = ["mkfs.ext4", "-q", "-L", label, "-E", "root_owner=0:0", "-d", str(tree), str(disk)]
    subprocess.run(words, check=True)
    shutil.rmtree(tree)
    return disk


def _empty(disk: Path, size: int) -> None:
    with disk.open("wb") as file:
        file.truncate(size)
