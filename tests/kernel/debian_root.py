"""A root tree around this machine's own /usr: its programs, its Python, its systemd."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

INIT = Path("/usr/lib/systemd/systemd")
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_FOLDERS = ("etc", "home", "mnt", "opt", "root", "srv", "usr", "var")
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/home:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\ntty:x:5:\nguest:x:1000:\nnogroup:x:65534:\n",
    "etc/machine-id": "",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\n",
}


_PYTHON = Path(sys.executable).resolve()
USR = (("/usr", "/usr", True), (str(_PYTHON.parent.parent), "/python", True))
"""What is to be mounted in such a tree: this machine's /usr, and the Python of the tests."""
PYTHON = f"/python/bin/{_PYTHON.name}"
"""That Python as containers see it."""


def systemd_root(folder: Path) -> Path:
    """A tree as debian_root makes it; skips where this machine has no systemd."""
    if not INIT.exists():
        pytest.skip("this machine has no systemd")
    return debian_root(folder)


def debian_root(folder: Path) -> Path:
    """A tree with an empty /usr, where that of this machine is to be mounted."""
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    for name in _LINKS:
        if (Path("/") / name).is_symlink():
            (folder / name).symlink_to((Path("/") / name).readlink())
    for name, text in _FILES.items():
        (folder / name).write_text(text)
    return folder
