"""What the unit of the guest runs, as root: tells what system it is, runs pytest."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

_CHECKOUT = Path("/opt/cloche/checkout")
_ARGUMENTS = Path("/opt/cloche/arguments")
_DISK = "/dev/disk/by-id/virtio-results"
_RESULTS = Path("/run/results")
_BOOTED = Path("/var/lib/cloche-booted")
REBOOT = "--reboot"
"""The argument where a boot is to be outlived, in place of tests."""


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


def tests(asked: list[str]) -> int:
    """Run pytest as the host asked, a few failures a second time; its status."""
    cache = _RESULTS / "cache"
    arguments = ["-o", "timeout=600", *asked]
    report = [f"--junit-xml={_RESULTS}/junit.xml", "-o", f"cache_dir={cache}"]
    status = _python("-m", "pytest", *report, *arguments)
    return _python("-m", "tests.again", str(cache), *arguments) if status == 1 else status


def _python(*words: str) -> int:
    alone = {"CLOCHE_MUST_RUN": "1", "CI": "true"}
    words = (sys.executable, *words)
    return subprocess.run(words, cwd=_CHECKOUT, env=os.environ | alone, check=False).returncode


def around_a_boot() -> int:
    """What is done before a boot, which then comes, or looked at after it; the status."""
    after = _BOOTED.exists()
    words = [sys.executable, "-m", "tests.guest.rebooting", "after" if after else "before"]
    status = subprocess.run(words, cwd=_CHECKOUT, check=False).returncode
    if status or after:
        return status
    _BOOTED.touch()
    os.sync()
    # By force: stopped in the usual order, this unit would switch the guest off.
    subprocess.run(["systemctl", "reboot", "--force"], check=True)
    signal.pause()
    return 1


def main() -> None:
    """Do all of it."""
    _RESULTS.mkdir()
    sys.stdout.write(f"guest: {system()}\n")
    sys.stdout.flush()
    asked = [word for word in _ARGUMENTS.read_text().split("\0") if word]
    status = around_a_boot() if asked == [REBOOT] else tests(asked)
    (_RESULTS / "status").write_text(str(status))
    with tarfile.open(_DISK, "w:") as tar:
        tar.add(_RESULTS, ".")
    os.sync()


if __name__ == "__main__":
    main()
