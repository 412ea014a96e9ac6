"""What a program in a container is, and what it is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.unconfined import python_at_a_terminal

from cloche_engine.kernel.capabilities import mask
from cloche_engine.sandbox.plan.rights import APPLICATION_CAPABILITIES

pytestmark = [pytest.mark.kernel, pytest.mark.v2]

NAMESPACES = ("user", "mnt", "pid", "uts", "ipc", "net", "cgroup")


def namespaces(pid: int | str) -> dict[str, str]:
    return {name: str(Path(f"/proc/{pid}/ns/{name}").readlink()) for name in NAMESPACES}


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def test_every_namespace_is_its_own(box: Box) -> None:
    container = await box.now()
    inside, here = namespaces(container.pid or 0), namespaces("self")
    assert [name for name in NAMESPACES if inside[name] == here[name]] == []


async def test_root_inside_is_nobody_special_on_the_host(box: Box) -> None:
    container = await box.now()
    status = status_of(container.pid or 0)
    assert (await box.run("id -u")).strip() == "0"
    assert int(status["Uid"].split()[0]) >= 1_000_000_000
    assert int(status["Gid"].split()[0]) >= 1_000_000_000


async def test_it_has_exactly_eleven_capabilities_and_no_way_to_more(box: Box) -> None:
    status = status_of((await box.now()).pid or 0)
    wanted = f"{mask(APPLICATION_CAPABILITIES):016x}"
    assert [status[f"Cap{name}"] for name in ("Eff", "Prm", "Bnd")] == [wanted] * 3
    assert [status[f"Cap{name}"] for name in ("Inh", "Amb")] == ["0" * 16] * 2
    assert (status["NoNewPrivs"], status["Seccomp"], status["Seccomp_filters"]) == ("1", "2", "2")


async def test_a_program_run_later_has_no_more_than_the_first(box: Box) -> None:
    inside = dict(
        line.split(":\t") for line in (await box.run("cat /proc/self/status")).splitlines()
        if ":\t" in line
    )  # fmt: skip
    first = status_of((await box.now()).pid or 0)
    for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp"):
        assert inside[name].strip() == first[name]
    container = await box.now()
    theirs = await box.run(
        "for n in user mnt pid uts ipc net cgroup; do readlink /proc/self/ns/$n; done"
    )
    assert theirs.split() == list(namespaces(container.pid or 0).values())


async def test_its_first_program_has_three_descriptors_all_its_console(
    define: Define, root: Path
) -> None:
    descriptors = await define(root=root, program=("/bin/sh", "-c", "ls -l /proc/1/fd"))
    await descriptors.start()
    lines = [line for line in (await descriptors.said()).splitlines() if " -> " in line]
    assert [line.split(" -> ")[1].strip() for line in lines] == ["/dev/pts/0"] * 3


async def test_it_sees_only_its_own_processes_and_groups(box: Box) -> None:
    assert "1 0        /bin/sh" in await box.run("ps")
    groups = (await box.run("cat /proc/self/cgroup")).splitlines()
    assert {line.split(":", 2)[2] for line in groups} == {"/"}


async def test_kernel_settings_are_read_only_and_secrets_masked(box: Box) -> None:
    assert "Read-only" in await box.run("echo 1 >/proc/sys/kernel/hostname")
    assert "Read-only" in await box.run("echo x >/proc/irq/default_smp_affinity")
    assert "Read-only" in await box.run("touch /sys/kernel/x")
    assert await box.run("cat /proc/keys /proc/timer_list") == ""
    assert (await box.run("ls /sys/firmware")) == ""


@pytest.mark.parametrize(
    "attempt",
    [
        "mount -t tmpfs none /bin", "umount /proc/keys", "hostname other",
        "unshare -U true", "unshare -m true", "busybox chroot / mount -t proc p /proc",
        "mknod /dev/sda b 8 0", "mount -o remount,rw /sys", "nsenter -t 1 -m true",
    ],
)  # fmt: skip
async def test_what_only_an_administrator_may_do_is_refused(box: Box, attempt: str) -> None:
    status, said = await box.status(f"busybox {attempt}".replace("busybox busybox", "busybox"))
    assert status != 0
    assert any(word in said.lower() for word in ("not permitted", "denied", "not implemented")), (
        said
    )


TIOCSTI = """
import fcntl, sys, os
for request in (0x5412, 0x5412 | 1 << 32):
    try:
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ioctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p)
        done = libc.ioctl(0, request, b"x")
        print("typed" if done == 0 else f"errno {ctypes.get_errno()}")
    except OSError as error:
        print("errno", error.errno)
"""


async def test_it_cannot_type_into_its_terminal_not_even_with_high_bits(define: Define) -> None:
    python = Path(sys.executable).resolve()
    box = await define(
        mounts=((python.parent.parent, "/python", True),),
        program=(f"/python/bin/{python.name}", "-c", TIOCSTI),
    )
    await box.start()
    assert (await box.said()).split("\r\n")[:2] == ["errno 1", "errno 1"]


def test_control_without_the_filter_both_requests_type(tmp_path: Path) -> None:
    switch = Path("/proc/sys/dev/tty/legacy_tiocsti")  # since 6.2; before, everybody may type
    if switch.exists() and switch.read_text().strip() != "1":
        pytest.skip("this kernel refuses TIOCSTI to everybody")
    assert python_at_a_terminal(TIOCSTI).split() == ["typed", "typed"]
