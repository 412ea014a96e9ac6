"""What the unit of the guest runs, as root: tells what system it is, runs pytest."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

_CHECKOUT = Path("/opt/cloche/checkout")
_ARGUMENTS = Path("/opt/cloche/arguments")
_DISK = "/dev/disk/by-id/virtio-results"
_RESULTS = Path("/run/results")


def system() -> str:
    """One line about what runs here."""
    controllers = Path("/sys/fs/cgroup/cgroup.controllers").read_text().strip()
    security = Path("/sys/kernel/security/lsm").read_text().strip()
    init = Path("/proc/1/comm").read_text().strip()
    up = Path("/proc/uptime").read_text().split()[0]
    return (
        f"Linux {platform.release()}, Python {platform.python_version()}, init {init}, "
        f"v2 with {controllers}; {security}; up for {up} s"
    )


def tests() -> int:
    """Run pytest as the host asked; its status."""
    words = [sys.executable, "-m", "pytest", "-o", "timeout=600", "-p", "no:cacheprovider"]
    words += [f"--junit-xml={_RESULTS}/junit.xml", *_ARGUMENTS.read_text().split("\0")]
    alone = {"CLOCHE_MUST_RUN": "1", "CI": "true"}
    return subprocess.run(words, cwd=_CHECKOUT, env=os.environ | alone, check=False).returncode


def main() -> None:
    """Do all of it."""
    _RESULTS.mkdir()
    sys.stdout.write(f"guest: {system()}\n")
    sys.stdout.flush()
    (_RESULTS / "status").write_text(str(tests()))
    with tarfile.open(_DISK, "w:") as tar:
        tar.add(_RESULTS, ".")
    os.sync()


if __name__ == "__main__":
    main()
