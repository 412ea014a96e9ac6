"""Ways out of containers that others have had: what a program inside may ask of the kernel."""

from __future__ import annotations

import errno
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from tests.kernel.attacker import CALLS, WRITES
from tests.kernel.box import Box, Define
from tests.kernel.debian_root import PYTHON, USR
from tests.kernel.test_systems import SYSTEM
from tests.kernel.unconfined import python_at_a_terminal

pytestmark = pytest.mark.kernel

REFUSED = {errno.EPERM, errno.ENOSYS}
MOUNTS = USR[1:]
V1 = ("blkio", "cpu", "cpuset", "devices", "freezer", "memory", "pids")


async def attempted(define: Define, script: str, *words: str, around: str = "") -> str:
    """What a Python script prints as the program of a container that shares the host's root."""
    program = (PYTHON, "-c", script, *words)
    box = await define(name=f"a{len(around)}", mounts=MOUNTS, program=program, around=around)
    await box.start()
    return await box.said()


def answers(said: str) -> dict[str, list[int]]:
    """The answers to each call, in the three ABIs."""
    lines = (line.split() for line in said.splitlines() if line.strip())
    return {name: [int(word) for word in words] for name, *words in lines}


def on_the_host() -> dict[str, list[int]]:
    """The same calls of a program that nothing confines, at a terminal of its own."""
    return answers(python_at_a_terminal(CALLS))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86")
async def test_e8_e25_calls_that_kernels_were_broken_by_are_refused_in_every_abi(
    define: Define,
) -> None:
    inside, outside = answers(await attempted(define, CALLS)), on_the_host()
    alive = inside.pop("getpid")
    assert alive[0] == 0
    for name, found in inside.items():
        refused = [code in REFUSED or code < 0 for code in found]
        assert refused == [True] * 3, (name, found)
    for abi, works in enumerate(alive):
        granted = [n for n, found in outside.items() if found[abi] not in REFUSED and n in inside]
        assert works != 0 or len(granted) >= 12, f"the control: outside only {granted}"


async def test_e7_no_release_agent_can_be_set_in_any_tree(define: Define, root: Path) -> None:
    (root / "mnt").mkdir()
    application = await define(name="app", root=root)
    system = await define(name="sys", root=root, around=SYSTEM)
    for box in (application, system):
        await box.start()
    outside = [name for name in V1 if Path(f"/sys/fs/cgroup/{name}/release_agent").exists()]
    for tree in outside:
        mount = f"busybox mount -t cgroup -o {tree} none /mnt"
        assert (await application.status(mount))[0] != 0
        assert (await system.status(mount))[0] == 0, "the control: it may mount it"
        for file in ("release_agent", "notify_on_release", "cgroup.procs"):
            status, said = await system.status(f"echo 1 >/mnt/{file}")
            assert status != 0, f"{tree}: {said}"
        await system.run("busybox umount /mnt")
    assert await system.run("busybox find /sys/fs/cgroup -name release_agent") == ""


async def test_e14_nothing_of_the_kernels_settings_can_be_written(define: Define) -> None:
    places = ("/proc/sys", "/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")
    count, *some = (await attempted(define, WRITES, *places)).split()
    assert (count, some) == ("0", [])
    count, *some = (await attempted(define, WRITES, "/proc/sys", around=SYSTEM)).split()
    assert int(count) > 20, "the control: the network of a system is its own to set"
    assert all(path.startswith("/proc/sys/net/") for path in some)


@pytest.mark.parametrize(
    "mask", ["/proc/keys", "/proc/timer_list", "/proc/sysrq-trigger", "/proc/sys", "/sys/firmware"]
)
async def test_e14_no_mask_comes_off(box: Box, mask: str) -> None:
    for line in (f"umount {mask}", f"umount -l {mask}", f"mount -t tmpfs none {mask}"):
        status, said = await box.status(f"busybox {line}")
        assert status != 0, said


KEYS = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
long = ctypes.c_long
key = libc.syscall(long(248), b"user", b"cloche-test-key", b"secret", long(6), long(-3))
print("added" if key > 0 else f"errno {ctypes.get_errno()}")
found = libc.syscall(long(249), b"user", b"cloche-test-key", None, long(0))
print("found" if found > 0 else f"errno {ctypes.get_errno()}")
try:
    print("listed" if "cloche-test-key" in open("/proc/keys").read() else "hidden")
except OSError as error:
    print("errno", error.errno)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86")
async def test_e27_no_key_of_the_host_can_be_found_and_none_be_added(define: Define) -> None:
    outside = subprocess.run(
        [sys.executable, "-c", KEYS], capture_output=True, text=True, check=True
    )
    assert outside.stdout.split("\n")[:2] == ["added", "found"], "the control"
    inside = await attempted(define, KEYS)
    assert inside.split("\r\n")[:3] == ["errno 1", "errno 1", "hidden"]


TERMINALS = """
import os, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
opened = []
try:
    while len(opened) < 1040:
        opened.append(os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError as error:
    print(error.strerror, end=" after ")
print(len(opened))
"""


async def test_no_container_takes_the_terminals_of_all_others(define: Define) -> None:
    """The console is one of its 1024."""
    assert (await attempted(define, TERMINALS)).strip() == "No space left on device after 1023"
    unlimited = 'mount -t devpts -o newinstance,ptmxmode=0666 none /dev/pts && exec "$@"'
    words = ["unshare", "--mount", "sh", "-c", unlimited, "sh", sys.executable, "-c", TERMINALS]
    control = subprocess.run(words, capture_output=True, text=True, check=True)
    assert control.stdout.strip() == "1040", "without a limit of its own"
