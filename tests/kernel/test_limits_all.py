"""Every kind of limit: set at a start, held by the kernel, refused by name where it cannot be."""

from __future__ import annotations

import os
import re
import resource
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.system.host import group_path

from cloche_engine.api.errors import EngineError, StartFailedError
from cloche_engine.api.model import State
from cloche_engine.host.cgroups.tree import detect

pytestmark = [pytest.mark.kernel, pytest.mark.v2]

CPUS = os.sched_getaffinity(0)
LAST = str(max(CPUS))

_OLD = {
    "cpu.max": ("cpu", "cpu.cfs_quota_us cpu.cfs_period_us"),
    "cpuset.cpus": ("cpuset", "cpuset.effective_cpus"),
    "memory.max": ("memory", "memory.limit_in_bytes"),
    "memory.high": ("memory", "memory.soft_limit_in_bytes"),
    "swap": ("memory", "memory.memsw.limit_in_bytes"),
    "pids.max": ("pids", "pids.max"),
}
_NEW = {
    "cpu.max": ("cpu", "cpu.max"),
    "cpuset.cpus": ("cpuset", "cpuset.cpus.effective"),
    "memory.max": ("memory", "memory.max"),
    "memory.high": ("memory", "memory.high"),
    "swap": ("memory", "memory.swap.max"),
    "pids.max": ("pids", "pids.max"),
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
<processes>64</processes>
<memtune><soft_limit>32768</soft_limit><swap_hard_limit>98304</swap_hard_limit></memtune>
"""


GUARANTEE = "<memtune><min_guarantee>8192</min_guarantee></memtune>"


async def test_a_container_starts_with_its_guarantee_of_memory_or_is_told_why_not(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around=GUARANTEE)
    assert (await box.start()).state is State.RUNNING
    told = " ".join((await box.engine.stats(box.uuid)).notices)
    version, _ = await folder_of(box, "memory")
    assert ("<min_guarantee> cannot be applied here" in told) == (version == 1)


async def test_the_kernel_holds_a_guarantee_of_memory_also_one_that_changes(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around=GUARANTEE)
    await box.start()
    version, folder = await folder_of(box, "memory")
    own, above = folder / "memory.min", folder.parent / "memory.min"
    if version == 1:  # there are no guarantees there, which is told: see above
        assert not own.exists()
        return
    assert own.read_text() == f"{8 << 20}\n"
    stored = await box.engine.definition(box.uuid)
    changed = stored.text.replace(b">8192<", b">12288<")
    await box.engine.define(changed, stored.etag)
    assert own.read_text() == f"{12 << 20}\n"
    beside = await define(name="beside", root=root, around=GUARANTEE)
    await beside.start()
    assert above.read_text() == f"{20 << 20}\n"
    await box.engine.kill(beside.uuid)
    assert above.read_text() == f"{12 << 20}\n"


async def test_memory_and_swap_rise_and_fall_together_while_it_runs(
    define: Define, root: Path
) -> None:
    """V1 lets neither of its two limits pass the other, whichever way both go."""
    box = await define(root=root, around=_memory(64))
    await box.start()
    version, folder = await folder_of(box, "memory")
    for mebibytes in (512, 16, 256, 32):
        stored = await box.engine.definition(box.uuid)
        text = re.sub(rb"<memory>.*</memtune>", _memory(mebibytes).encode(), stored.text)
        await box.engine.define(text, stored.etag)
        assert await held(box, "memory.max") == str(mebibytes << 20)
        assert await held(box, "memory.high") == str(mebibytes << 19)
        assert await held(box, "swap") == str(mebibytes * (3 if version == 1 else 2) << 20)
    if version == 1:  # that the kernel does refuse the wrong order
        with pytest.raises(OSError, match="Invalid argument"):
            (folder / "memory.limit_in_bytes").write_text(str(512 << 20))


def _memory(mebibytes: int) -> str:
    """Half of it soft, and three times as much with swap."""
    size = mebibytes << 10
    return (
        f"<memory>{size}</memory><memtune><soft_limit>{size // 2}</soft_limit>"
        f"<swap_hard_limit>{size * 3}</swap_hard_limit></memtune>"
    )


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
    assert await held(box, "pids.max") == "64"
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


def kernel_files(controller: str) -> list[str]:
    """What stands in a group of the tree with that controller."""
    tree = detect().with_controller(controller)
    assert tree is not None
    group = tree.path / f"cloche-test-{os.getpid()}"
    group.mkdir()
    try:
        return [path.name for path in group.iterdir()]
    finally:
        group.rmdir()


async def weight(box: Box) -> str:
    """How the kernel weighs its input and output; empty where it does not."""
    _, folder = await folder_of(box, "io")
    files = [folder / name for name in ("blkio.bfq.weight", "io.bfq.weight", "io.weight")]
    return next((file.read_text().split()[-1] for file in files if file.exists()), "")


async def test_the_weight_of_input_and_output_is_given_or_refused(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around="<blkiotune><weight>300</weight></blkiotune>")
    if not any(name in kernel_files("io") for name in ("blkio.bfq.weight", "io.weight")):
        with pytest.raises(StartFailedError, match="<weight> cannot be set"):
            await box.start()
        return
    await box.start()
    assert await weight(box) == "300"
    schedulers = [file.read_text() for file in Path("/sys/block").glob("*/queue/scheduler")]
    told = "no disk heeds it" in " ".join((await box.engine.stats(box.uuid)).notices)
    assert told is not any("[bfq]" in text for text in schedulers)
    await redefine(box, "", "<blkiotune><weight>300</weight></blkiotune>")
    assert await weight(box) == "100"


DISK = next(iter(sorted(Path("/sys/block").glob("[vs]d?"))), Path("/sys/block/none"))
RATES = f"""<blkiotune><device><path>/dev/{DISK.name}</path>
<read_bytes_sec>1048576</read_bytes_sec><write_iops_sec>50</write_iops_sec></device></blkiotune>"""


async def rates(box: Box) -> dict[str, str]:
    """What the kernel has for the disk, by the words of v2."""
    version, folder = await folder_of(box, "io")
    number = (DISK / "dev").read_text().strip()
    if version == 2:
        lines = (folder / "io.max").read_text().splitlines()
        found = next((line for line in lines if line.startswith(f"{number} ")), "")
        return dict(word.split("=") for word in found.split()[1:] if not word.endswith("max"))
    old = {"rbps": "read_bps", "wbps": "write_bps", "riops": "read_iops", "wiops": "write_iops"}
    texts = {
        new: (folder / f"blkio.throttle.{name}_device").read_text() for new, name in old.items()
    }
    return {new: text.split()[1] for new, text in texts.items() if number in text}


@pytest.mark.skipif(not DISK.exists(), reason="this machine has no disk")
async def test_rates_of_a_disk_hold_and_are_lifted(define: Define, root: Path) -> None:
    box = await define(root=root, around=RATES)
    await box.start()
    assert await rates(box) == {"rbps": "1048576", "wiops": "50"}
    await redefine(box, RATES.replace("<write_iops_sec>50</write_iops_sec>", ""), RATES)
    assert await rates(box) == {"rbps": "1048576"}
    await redefine(box, "", RATES.replace("<write_iops_sec>50</write_iops_sec>", ""))
    assert await rates(box) == {}


async def test_a_disk_that_is_none_is_refused_by_name(define: Define, root: Path) -> None:
    box = await define(root=root, around=RATES.replace(f"/dev/{DISK.name}", "/dev/null"))
    with pytest.raises(StartFailedError, match="/dev/null of <blkiotune> is no block device"):
        await box.start()


async def redefine(box: Box, new: str, old: str) -> None:
    """Save it with other limits."""
    stored = await box.engine.definition(box.uuid)
    assert old.encode() in stored.text
    await box.engine.define(stored.text.replace(old.encode(), new.encode()), stored.etag)


async def test_all_limits_are_changed_while_it_runs_and_lifted(define: Define, root: Path) -> None:
    box = await define(root=root)
    await box.start()
    before = {what: await held(box, what) for what in _NEW}
    await redefine(box, f"</container>{EVERYTHING}</domain>", "</container></domain>")
    assert await held(box, "cpu.max") == "25000 50000"
    assert await held(box, "cpuset.cpus") == LAST
    assert await held(box, "memory.high") == str(32 << 20)
    assert await held(box, "pids.max") == "64"
    stats = await box.engine.stats(box.uuid)
    assert stats.memory_limit_bytes == 64 << 20
    await redefine(box, "</container></domain>", f"</container>{EVERYTHING}</domain>")
    assert {what: await held(box, what) for what in _NEW} == before


async def test_one_limit_that_is_refused_takes_all_back(define: Define, root: Path) -> None:
    box = await define(root=root, around="<processes>99</processes>")
    await box.start()
    before = {what: await held(box, what) for what in _NEW}
    limits = "<processes>64</processes><memory>65536</memory><vcpu cpuset='900'>1</vcpu>"
    with pytest.raises(EngineError, match=r"while it runs: .*900.*<vcpu cpuset>"):
        await redefine(box, limits, "<processes>99</processes>")
    assert {what: await held(box, what) for what in _NEW} == before


LIMIT = "<rlimit name='nofile' soft='{0}' hard='{0}'/><rlimit name='stack' hard='1048576'/>"


async def shown(box: Box, pid: str, name: str) -> list[str]:
    """A limit of a process in it, as it is seen inside."""
    line = await box.run(f"grep '{name}' /proc/{pid}/limits")
    return line.removeprefix(name).split()[:2]


async def test_each_process_has_its_limits(define: Define, root: Path) -> None:
    box = await define(root=root, inside=LIMIT.format(500))
    await box.start()
    for pid in ("1", "self"):
        assert await shown(box, pid, "Max open files") == ["500", "500"]
        assert await shown(box, pid, "Max stack size") == ["1048576", "1048576"]
        assert await shown(box, pid, "Max core file size") == ["0", "0"]


MAY_RAISE = bool(
    int(re.search(r"CapEff:\t(\w+)", Path("/proc/self/status").read_text())[1], 16) >> 24 & 1  # type: ignore[index]
)
"""Whether this machine lets root have CAP_SYS_RESOURCE, without which no hard limit goes up."""


async def test_limits_of_processes_change_while_they_run(define: Define, root: Path) -> None:
    box = await define(root=root, inside=LIMIT.format(500))
    await box.start()
    await redefine(box, LIMIT.format(400), LIMIT.format(500))
    for pid in ("1", "self"):
        assert await shown(box, pid, "Max open files") == ["400", "400"]
    await redefine(box, "", LIMIT.format(400))
    assert await shown(box, "1", "Max open files") == (
        ["1024", "524288"] if MAY_RAISE else ["400", "400"]
    )


async def test_more_than_this_machine_may_give_is_refused_and_lowered_where_nobody_asked(
    define: Define, root: Path
) -> None:
    most = 524288 if MAY_RAISE else resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    box = await define(root=root)
    await box.start()
    assert await shown(box, "1", "Max open files") == ["1024", str(most)]
    if MAY_RAISE:
        return
    over = f"<rlimit name='nofile' hard='{most + 1}'/></container>"
    with pytest.raises(EngineError, match=rf"<rlimit nofile>: {most} is the most"):
        await redefine(box, over, "</container>")
    assert await shown(box, "1", "Max open files") == ["1024", str(most)]
