"""Whole systems: what an init such as systemd gets that an application does not, and what not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, read_until
from tests.kernel.debian_root import INIT, USR, debian_root, systemd_root
from tests.kernel.test_isolation import status_of

from cloche_engine.host.apparmor import is_enabled
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.kernel.capabilities import mask
from cloche_engine.sandbox.plan.rights import SYSTEM_CAPABILITIES

pytestmark = pytest.mark.kernel

SYSTEM = "<features><system/></features>"
PRIVILEGED = "<features><privileged/></features>"


@pytest.fixture
async def system(define: Define, root: Path) -> Box:
    """A running system whose init is a shell."""
    box = await define(root=root, around=SYSTEM)
    await box.start()
    return box


async def test_systemd_boots_to_its_default_target_with_no_unit_failed(
    define: Define, tmp_path: Path
) -> None:
    if detect().unified is None:
        pytest.skip("systemd wants a unified tree of control groups")
    root = systemd_root(tmp_path / "system")
    box = await define(root=root, mounts=USR, program=(str(INIT),), around=SYSTEM)
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        await read_until(console, "login: ")
    state = await box.run("systemctl is-system-running --wait")
    failed = await box.run("systemctl --failed --no-legend --plain")
    assert (state, failed) == ("running\n", "")
    assert "active" in await box.run("systemctl is-active default.target console-getty.service")
    groups = (await box.run("cat /proc/1/cgroup")).splitlines()
    assert "0::/init.scope" in groups
    assert "system.slice" in await box.run("ls /sys/fs/cgroup")
    assert (await box.run("systemd-detect-virt --container")).strip() == "container-other"
    stopped = await box.engine.stop(box.uuid, 60)
    assert stopped.exit_code == 0, "it shut down by itself; killed it would have 137"


async def test_its_root_has_the_capabilities_of_nspawn_and_may_gain_them(system: Box) -> None:
    wanted = f"{mask(SYSTEM_CAPABILITIES):016x}"
    first = status_of((await system.now()).pid or 0)
    inside = await system.run("cat /proc/self/status")
    later = dict(line.split(":\t") for line in inside.splitlines() if ":\t" in line)
    for status in (first, later):
        assert [status[f"Cap{name}"] for name in ("Eff", "Prm", "Bnd")] == [wanted] * 3
        assert [status[f"Cap{name}"] for name in ("Inh", "Amb")] == ["0" * 16] * 2
        assert (status["NoNewPrivs"], status["Seccomp_filters"]) == ("0", "2")
    assert int(first["Uid"].split()[0]) >= 1_000_000_000, "root of a user namespace of its own"


@pytest.mark.parametrize(("features", "euid"), [(SYSTEM, "0"), ("", "1000")])
async def test_a_set_uid_program_works_in_a_system_and_not_in_an_application(
    define: Define, tmp_path: Path, features: str, euid: str
) -> None:
    root = debian_root(tmp_path / "system")
    shutil.copy("/usr/bin/dash", root / "become-root")
    (root / "become-root").chmod(0o4755)
    box = await define(root=root, mounts=USR, around=features)
    await box.start()
    line = await box.run("/become-root -p -c 'grep Uid: /proc/self/status'", user="guest")
    real, effective, *_ = line.split()[1:]
    assert (real, effective) == ("1000", euid)


@pytest.mark.parametrize(
    "line",
    ["mount -t tmpfs none /mnt", "hostname other", "unshare -m true", "unshare -U true",
     "busybox sysctl -w net.ipv4.ip_forward=1"],
)  # fmt: skip
async def test_a_system_administers_its_own_namespaces_and_an_application_does_not(
    define: Define, root: Path, line: str
) -> None:
    (root / "mnt").mkdir()
    line = line if line.startswith("busybox") else f"busybox {line}"
    for name, features in (("app", ""), ("sys", SYSTEM)):
        box = await define(name=name, root=root, around=features)
        await box.start()
        status, said = await box.status(line)
        assert (status == 0) == (features == SYSTEM), said


@pytest.mark.parametrize(
    "line",
    ["echo 1 >/proc/sys/kernel/sysrq", "echo b >/proc/sysrq-trigger",
     "mount -o remount,rw /proc/sys && echo x >/proc/sys/kernel/core_pattern",
     "umount /proc/sysrq-trigger && echo b >/proc/sysrq-trigger",
     "umount /proc/kcore && cat /proc/kcore",
     "mount -o remount,rw /sys && echo x >/sys/kernel/uevent_helper",
     "mknod /disk b 8 0", "insmod /bin/busybox", "dmesg"],
)  # fmt: skip
async def test_a_system_does_not_reach_beyond_its_namespaces(system: Box, line: str) -> None:
    steps = (step if step.startswith(("echo", "cat")) else f"busybox {step}" for step in
             line.split(" && "))  # fmt: skip
    status, said = await system.status(" && ".join(steps))
    assert status != 0, said


SETTING = "/proc/sys/kernel/core_pattern"
REWRITE = f"busybox mount -o remount,rw /proc/sys && x=$(cat {SETTING}) && echo $x >{SETTING}"


async def test_a_setting_of_the_host_is_out_of_reach_but_for_a_privileged_system(
    define: Define, root: Path
) -> None:
    ends = []
    for name, features in (("own", SYSTEM), ("hosts", PRIVILEGED.replace("/>", "/><system/>", 1))):
        box = await define(name=name, root=root, around=features)
        await box.start()
        ends.append((await box.status(REWRITE))[0])
    assert ends == [1, 1 if is_enabled() else 0]


async def test_a_system_cannot_lift_its_own_limits(define: Define, root: Path) -> None:
    box = await define(root=root, around=f"{SYSTEM}<memory>65536</memory>")
    await box.start()
    assert await box.run("mkdir /sys/fs/cgroup/part && echo made") == "made\n"
    for name in ("memory.max", "pids.max", "cgroup.kill", "cgroup.freeze"):
        status, said = await box.status(f"echo 1 >/sys/fs/cgroup/{name}")
        assert (status, "denied" in said) == (1, True), said


async def test_groups_that_it_made_go_with_it(system: Box) -> None:
    unified = detect().unified
    if unified is None:
        pytest.skip("this host has no unified tree")
    line = "cd /sys/fs/cgroup && mkdir -p a/b c && echo $$ >a/b/cgroup.procs"
    assert await system.status(line) == (0, "")
    lines = Path(f"/proc/{(await system.now()).pid}/cgroup").read_text().splitlines()
    group = unified.path / lines[-1].removeprefix("0::/")
    assert (group / "a/b").is_dir()
    await system.engine.kill(system.uuid)
    assert not group.exists()


async def test_a_privileged_container_has_the_hosts_ids_and_says_so(
    define: Define, root: Path
) -> None:
    plain = await define(name="plain", root=root)
    privileged = await define(name="privileged", root=root, around=PRIVILEGED)
    maps = []
    for box in (plain, privileged):
        await box.start()
        maps.append((await box.run("cat /proc/self/uid_map")).split())
    assert [line[0] for line in maps] == ["0", "0"]
    assert maps[0][2] == "65536"
    assert maps[1][1:] == ["0", "4294967295"]
    assert [(await box.now()).privileged for box in (plain, privileged)] == [False, True]
    status = status_of((await privileged.now()).pid or 0)
    assert (status["NoNewPrivs"], status["Seccomp_filters"]) == ("1", "2")
    assert await privileged.run("id -u; touch /made") == "0\n"
    assert (root / "made").stat().st_uid == 0
