"""cpushare and memory: written, read back from the kernel, felt by the program, told at its end."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.system.host import group_path

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.model import State
from cloche_engine.host import cgroups

pytestmark = pytest.mark.kernel

GREEDY = ("/bin/sh", "-c", "x=a; while :; do x=$x$x; done")
LIMITS = "<cpushare>40</cpushare><memory>65536</memory>"


async def value_of(box: Box, controller: str, v1: str, v2: str) -> str:
    tree = cgroups.detect().with_controller(controller)
    assert tree is not None
    path = group_path(Path(f"/proc/{(await box.now()).pid}/cgroup").read_text(), controller)
    return (tree.path / path.lstrip("/") / (v1 if tree.version == 1 else v2)).read_text().strip()


async def test_the_kernel_has_what_the_definition_says(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    await box.start()
    shares = await value_of(box, "cpu", "cpu.shares", "cpu.weight")
    assert shares in {"40", str(cgroups.weight_of(40))}
    memory = await value_of(box, "memory", "memory.limit_in_bytes", "memory.max")
    assert memory == str(65536 * 1024)
    stats = await box.engine.stats(box.uuid)
    assert stats.memory_limit_bytes == 65536 * 1024
    assert stats.cpu_shares is not None
    assert abs(stats.cpu_shares - 40) <= 10
    assert stats.processes >= 1


async def test_too_many_processes_are_refused(define: Define, root: Path) -> None:
    box = await define(root=root)
    await box.start()
    assert await value_of(box, "pids", "pids.max", "pids.max") == "2048"


async def test_a_program_that_outgrows_its_memory_ends_with_that_reason(
    define: Define, root: Path
) -> None:
    box = await define(root=root, program=GREEDY, around="<memory>16384</memory>")
    await box.start()
    container = await box.ended()
    assert container.state is State.FAILED
    assert container.exit_code == 137
    assert "16384 KiB of memory" in container.error
    assert "raise <memory>" in container.hint


async def test_memory_too_small_to_start_in_says_so(define: Define, root: Path) -> None:
    box = await define(root=root, program=GREEDY, around="<memory>512</memory>")
    with contextlib.suppress(StartFailedError):  # a small program comes to run before it ends
        await box.start()
    container = await box.ended()
    assert container.state is State.FAILED
    assert re.search("more (memory )?than (the|its) 512 KiB", container.error)
    assert "raise <memory>" in container.hint


def test_shares_keep_their_ratios_as_weights() -> None:
    weights = {2: 1, 40: 4, 512: 50, 1024: 100, 2048: 200, 102400: 10000, 262144: 10000}
    assert {shares: cgroups.weight_of(shares) for shares in weights} == weights


V1 = "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
OTHER = "31 25 0:27 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"


def test_hierarchies_without_a_wanted_controller_are_left_alone() -> None:
    layout = cgroups.detect(V1 + OTHER)
    assert [str(tree.path) for tree in layout.hierarchies] == ["/sys/fs/cgroup/cpu,cpuacct"]


def test_a_v2_host_gets_its_limits_in_v2_words(tmp_path: Path) -> None:
    """The files of a v2 tree, as plain files: what would be written where."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids io")
    (tmp_path / "cgroup.subtree_control").write_text("")
    layout = cgroups.detect(f"30 25 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n")
    unified = layout.unified
    assert unified is not None
    assert unified.controllers == {"cpu", "memory", "pids"}
    group = tmp_path / "cloche"
    group.mkdir()
    for name in ("cgroup.subtree_control", "cpu.weight", "memory.max", "pids.max"):
        (group / name).write_text("")
    made = cgroups.Group(layout, "cloche")
    made.create()
    made.apply(cgroups.Limits(cpu_shares=2048, memory=1 << 20, processes=7))
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert (group / "cpu.weight").read_text() == "200"
    assert (group / "memory.max").read_text() == str(1 << 20)
    assert (group / "pids.max").read_text() == "7"
