"""Devices of the host: no process of a container opens one, whatever node it has found or made."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kernel.box import Define
from tests.kernel.conftest import instance_of

from cloche_engine.host.cgroups.access import guard, load_access
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import Layout, detect

pytestmark = pytest.mark.kernel

PRIVILEGED_SYSTEM = "<features><system/><privileged/></features>"
KERNEL_LOG = os.makedev(1, 11)
OWN = ("null", "zero", "full", "random", "urandom", "ptmx")


def layouts() -> dict[str, Layout]:
    """The ways that this host has: an eBPF program on its unified tree, or a controller of v1."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    old = detect("\n".join(line for line in lines if " - cgroup2 " not in line))
    guarding = tuple(tree for tree in old.hierarchies if "devices" in tree.controllers)
    ways = {"program": detect(), "controller": replace(old, hierarchies=guarding)}
    return {name: way for name, way in ways.items() if way.hierarchies}


@pytest.fixture(params=layouts())
def group(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Group]:
    made = Group(layouts()[request.param], f"cloche/{instance_of(tmp_path)}/devices")
    made.create()
    yield made
    assert made.remove()


def opened_in(group: Group, node: str) -> int:
    """The errno of opening a node for a process in a group, 0 where it can."""
    tree = group.layout.hierarchies[-1]
    pid = os.fork()
    if pid == 0:
        number = errno.ENOTRECOVERABLE
        try:
            (tree.path / group.name / "cgroup.procs").write_text("0")
            os.close(os.open(node, os.O_RDONLY | os.O_NONBLOCK))
            number = 0
        except OSError as error:
            number = error.errno or number
        finally:
            os._exit(number)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_guarded_group_opens_the_devices_of_a_container_and_no_other(
    group: Group, tmp_path: Path
) -> None:
    node = str(tmp_path / "log")
    os.mknod(node, 0o600 | 0o020000, KERNEL_LOG)
    assert opened_in(group, node) == 0, "the control: without a guard it can be opened"
    assert guard(group, load_access())
    assert opened_in(group, node) == errno.EPERM
    assert [opened_in(group, f"/dev/{name}") for name in OWN] == [0] * len(OWN)


async def test_the_hosts_root_in_a_container_makes_a_node_and_cannot_open_it(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around=PRIVILEGED_SYSTEM)
    await box.start()
    assert await box.run("busybox mknod /dev/log c 1 11 && echo made") == "made\n"
    status, said = await box.status("head -c 0 /dev/log")
    assert (status, "Operation not permitted" in said) == (1, True), said
    assert (await box.status("head -c 1 /dev/zero >/dev/null"))[0] == 0


@pytest.mark.parametrize("features", ["", "<features><system/></features>"])
async def test_nobody_makes_a_node_in_a_user_namespace(
    define: Define, root: Path, features: str
) -> None:
    box = await define(root=root, around=features)
    await box.start()
    for node in ("b 254 0", "c 1 1", "c 10 229"):
        assert "not permitted" in await box.run(f"busybox mknod /dev/x {node}")
    assert await box.run("ls /dev/kmsg /dev/fuse /dev/net/tun /dev/loop0 2>/dev/null") == ""
