"""`python -m tests.guest [PYTEST-ARG...]`: run tests on Debian 12 with control groups v2 only."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.guest import machine
from tests.guest.cache import Cache
from tests.guest.disks import REPOSITORY, checkout_disk, packages_disk, read_results, results_disk
from tests.guest.image import Image, image
from tests.guest.inside import REBOOT

TESTS = ["tests/kernel", "tests/system/test_shared_mounts.py", "-m", "not v1"]
SHORT = ["tests/kernel", "-m", "v2"]
"""What control groups v2 and systemd change: minutes less than everything."""

_MINUTES, _SHORT_MINUTES = 30.0, 12.0


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="./dev guest-test", description=__doc__.partition(": ")[2], allow_abbrev=False
    )
    parser.add_argument("--packages", required=True, help="what the image has of Debian's")
    parser.add_argument("--short", action="store_true", help="only the tests that v2 changes")
    parser.add_argument(REBOOT, action="store_true", help="only what is to outlive a boot")
    parser.add_argument(
        "--minutes",
        type=float,
        help=f"end the guest after so many ({_MINUTES:.0f}; {_SHORT_MINUTES:.0f} with --short)",
    )
    parser.add_argument("--cpus", type=int, default=1, help="processors of the guest")
    known, for_pytest = parser.parse_known_args()
    if known.short and names_tests(for_pytest):
        parser.error("--short chooses the tests itself")
    if known.reboot and for_pytest:
        parser.error("--reboot takes no tests")
    known.minutes = known.minutes or (_SHORT_MINUTES if known.short else _MINUTES)
    if known.reboot:
        return known, [REBOOT]
    return known, with_tests(for_pytest, short=known.short)


def with_tests(for_pytest: list[str], *, short: bool) -> list[str]:
    """The arguments of pytest, with the usual tests where they name none."""
    if names_tests(for_pytest):
        return for_pytest
    return [*for_pytest, *(SHORT if short else TESTS)]


def names_tests(words: list[str]) -> bool:
    """Whether a file or folder of the checkout is among the words."""
    return any((REPOSITORY / word.partition("::")[0]).exists() for word in words)


def main() -> int:
    """Make what is missing, run the guest; the exit status of pytest inside."""
    asked, for_pytest = _arguments()
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where Debian has mkfs.ext4, and users have not
    cache = Cache.of_user()
    with cache.alone():
        try:
            made = image(cache, asked.packages), packages_disk(cache)
        except (OSError, subprocess.CalledProcessError) as error:
            return _fail(f"the guest could not be made: {error}")
        return _run(cache, *made, asked, for_pytest)


def _run(
    cache: Cache, system: Image, packages: Path, asked: argparse.Namespace, for_pytest: list[str]
) -> int:
    last = cache.root / "last"
    shutil.rmtree(last, ignore_errors=True)
    last.mkdir()
    with cache.passing() as folder:
        disks = {"packages": packages, "checkout": checkout_disk(folder, for_pytest)}
        results, console = results_disk(folder), last / "console.log"
        guest = machine.Machine(system, disks, results, console, asked.cpus, asked.reboot)
        off = machine.run(guest.words(), 60 * asked.minutes)
        status = read_results(results, last)
    if status is None:
        why = "it ended before" if off else "its time was up (see --minutes), or qemu failed"
        return _fail(f"no results, {why}; {console} has what it said")
    sys.stdout.write(f"guest-test: the results lie in {last}\n")
    return status


def _fail(why: str) -> int:
    sys.stderr.write(f"guest-test: {why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
