"""Every kind of limit: set at a start, held by the kernel, refused by name where it cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.system.host import group_path

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.model import State
from cloche_engine.host.cgroups.tree import detect

pytestmark = pytest.mark.kernel

CPUS = os.sched_getaffinity(0)
LAST = str(max(CPUS))

_OLD = {
    "cpu.max": ("cpu", "cpu.cfs_quota_us cpu.cfs_period_us"),
    "cpuset.cpus": ("cpuset", "cpuset.cpus"),
    "memory.max": ("memory", "memory.limit_in_bytes"),
    "memory.high": ("memory", "memory.soft_limit_in_bytes"),
    "swap": ("memory", "memory.memsw.limit_in_bytes"),
    "pids.max": ("pids", "pids.max"),
    "weight": ("io", "blkio.bfq.weight"),
}
_NEW = {
    "cpu.max": ("cpu", "cpu.max"),
    "cpuset.cpus": ("cpuset", "cpuset.cpus"),
    "memory.max": ("memory", "memory.max"),
    "memory.high": ("memory", "memory.high"),
    "swap": ("memory", "memory.swap.max"),
    "pids.max": ("pids", "pids.max"),
    "weight": ("io", "io.bfq.weight"),
}


async def folder_of(box: Box, controller: str) -> tuple[int, Path]:
    """The version of the tree, and the container's group in it."""
    tree = detect().with_controller(controller)
    assert tree is not None, f"this host has no controller {controller}"
    name = "blkio" if (controller, tree.version) == ("io", 1) else controller
    path = group_path(Path(f"/proc/{(await box.now()).pid}/cgroup").read_text(), name)
    return tree.version, tree.path / path.lstrip("/")


async def held(box: Box, what: str) -> str:
    """What the kernel has, in the words of either version."""
    version, folder = await folder_of(box, _NEW[what][0])
    names = (_OLD if version == 1 else _NEW)[what][1].split()
    return " ".join((folder / name).read_text().strip() for name in names)


EVERYTHING = f"""
<vcpu cpuset='{LAST}'>1</vcpu><numatune><memory mode='strict' nodeset='0'/></numatune>
<cputune><period>50000</period><quota>25000</quota></cputune>
<memory>65536</memory>
<memtune><soft_limit>32768</soft_limit><swap_hard_limit>98304</swap_hard_limit></memtune>
"""


async def test_a_container_starts_with_every_limit_of_its_definition(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around=EVERYTHING)
    assert (await box.start()).state is State.RUNNING
    assert await held(box, "cpu.max") == "25000 50000"
    assert await held(box, "cpuset.cpus") == LAST
    assert await held(box, "memory.max") == str(64 << 20)
    assert await held(box, "memory.high") == str(32 << 20)
    version, _ = await folder_of(box, "memory")
    assert await held(box, "swap") == str((96 if version == 1 else 32) << 20)
    assert await box.run("grep Cpus_allowed_list /proc/self/status") == (
        f"Cpus_allowed_list:\t{LAST}\n"
    )


async def test_processors_that_this_host_lacks_are_refused_by_name(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around="<vcpu cpuset='900'>1</vcpu>")
    with pytest.raises(StartFailedError, match="<vcpu cpuset>") as failed:
        await box.start()
    assert "take it out of the definition" in failed.value.hint


async def test_a_group_of_a_waiting_start_that_somebody_removed_is_made_again(
    define: Define, root: Path
) -> None:
    """Nothing is in the v1 groups of a container that waits for its plan."""
    box = await define(root=root, around="<memory>65536</memory>")
    await box.engine.warm_up()
    trees = [tree for tree in detect().hierarchies if tree.version == 1]
    for tree in trees:
        for folder in (tree.path / box.engine._places.groups).iterdir():
            folder.rmdir() if folder.is_dir() else None
    assert (await box.start()).state is State.RUNNING
    assert await held(box, "memory.max") == str(64 << 20)
