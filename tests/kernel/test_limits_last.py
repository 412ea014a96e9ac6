"""Control groups persist: what was saved holds again at every start, to the byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.test_limits_all import EVERYTHING, RATES, held, redefine
from tests.kernel.test_recovery import reopened
from tests.system.host import group_path

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import State
from cloche_engine.core.engine import LocalEngine
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.sandbox.plan.limits import Limits

pytestmark = pytest.mark.kernel

_SAID = (
    "cpu.shares cpu.cfs_quota_us cpu.cfs_period_us cpuset.cpus cpuset.mems pids.max"
    " memory.limit_in_bytes memory.soft_limit_in_bytes memory.memsw.limit_in_bytes"
    " blkio.bfq.weight blkio.throttle.read_bps_device blkio.throttle.write_iops_device"
    " cpu.weight cpu.max memory.max memory.high memory.swap.max memory.oom.group io.weight"
    " io.bfq.weight io.max"
).split()


async def files(box: Box) -> dict[str, bytes]:
    """Every file of its groups that a limit is written to, byte for byte."""
    groups = Path(f"/proc/{(await box.now()).pid}/cgroup").read_text()
    return {name: file.read_bytes() for name, file in _files(groups)}


def _files(groups: str) -> Iterator[tuple[str, Path]]:
    for tree in detect().hierarchies:
        for controller in sorted(tree.controllers) or [""]:
            name = "blkio" if (controller, tree.version) == ("io", 1) else controller
            folder = tree.path / group_path(groups, name).lstrip("/")
            yield from ((file, folder / file) for file in _SAID if (folder / file).exists())


async def limited_live(define: Define, root: Path) -> Box:
    """A container that was started without limits, and was given them while it ran."""
    box = await define(root=root)
    await box.start()
    await redefine(box, f"</container>{EVERYTHING}{RATES}</domain>", "</container></domain>")
    return box


async def test_limits_that_were_changed_live_and_saved_are_the_same_after_the_next_start(
    define: Define, root: Path
) -> None:
    box = await limited_live(define, root)
    live = await files(box)
    assert live["pids.max"] == b"64\n"
    await box.engine.stop(box.uuid)
    await box.start()
    assert await files(box) == live


@pytest.mark.v2
async def test_they_are_the_same_for_the_next_helper_and_after_a_boot(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await limited_live(define, root)
    live = await files(box)
    again = await reopened(engine, tmp_path)
    try:
        same = Box(again, await again.container(box.uuid))
        assert await files(same) == live
        assert (await again.stats(box.uuid)).processes_limit == 64
        await redefine(same, "<processes>65</processes>", "<processes>64</processes>")
        assert await held(same, "pids.max") == "65"
        await redefine(same, "<processes>64</processes>", "<processes>65</processes>")
        state = tmp_path / "state/run" / box.uuid / "state.json"
        old = json.loads(state.read_text()) | {"boot_id": "of before"}
        await again.kill(box.uuid)
    finally:
        await again.close()
    state.parent.mkdir()
    state.write_text(json.dumps(old))
    after_boot = await reopened(again, tmp_path)
    try:
        same = Box(after_boot, await after_boot.start(box.uuid))
        assert await files(same) == live
    finally:
        await after_boot.close()


async def test_a_limit_that_somebody_writes_is_shown_and_lasts_until_the_next_start(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around="<processes>64</processes>")
    await box.start()
    groups = Path(f"/proc/{(await box.now()).pid}/cgroup").read_text()
    dict(_files(groups))["pids.max"].write_text("77")
    assert (await box.engine.stats(box.uuid)).processes_limit == 77
    await redefine(box, "<cpushare>512</cpushare></domain>", "</domain>")
    assert (await box.engine.stats(box.uuid)).processes_limit == 64
    await box.engine.restart(box.uuid, 0)
    assert (await box.engine.stats(box.uuid)).processes_limit == 64


@pytest.mark.v2
async def test_groups_that_somebody_removed_are_named_and_made_again(
    define: Define, root: Path
) -> None:
    """A group goes only when nobody is in it: its processes were moved away before."""
    box = await define(root=root, around="<processes>64</processes>")
    container = await box.start()
    groups = Path(f"/proc/{container.pid}/cgroup").read_text()
    folder = dict(_files(groups))["pids.max"].parent
    tree = detect().with_controller("pids")
    assert tree is not None
    (tree.path / "cgroup.procs").write_text(str(container.pid))
    folder.rmdir()
    with pytest.raises(EngineError, match="control group was removed by another program"):
        await redefine(box, "<processes>65</processes>", "<processes>64</processes>")
    assert (await box.engine.stats(box.uuid)).processes_limit is None
    assert (await box.engine.kill(box.uuid)).state is State.STOPPED
    await box.start()
    assert await held(box, "pids.max") == "64"


async def test_what_the_kernel_rounds_is_told_with_what_it_became(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around="<memory>65537</memory>")
    await box.start()
    stats = await box.engine.stats(box.uuid)
    assert stats.memory_limit_bytes == 65536 * 1024
    (notice,) = [each for each in stats.notices if "memory" in each]
    assert notice == "<memory>: the kernel made 65536 KiB of 65537 KiB"
    await redefine(box, "<memory>65540</memory>", "<memory>65537</memory>")
    assert not [each for each in (await box.engine.stats(box.uuid)).notices if "memory" in each]


def test_a_plan_of_a_helper_that_knew_fewer_limits_is_read() -> None:
    old = Limits.from_fields({"cpu_shares": 40, "memory": 4096, "processes": 7})
    assert (old.cpu_shares, old.memory, old.processes, old.rlimits) == (40, 4096, 7, ())
