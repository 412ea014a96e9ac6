"""Limits as text in the kernel's files, of both versions; the files here are plain ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.guarantee import release
from cloche_engine.host.cgroups.limits import apply, change
from cloche_engine.host.cgroups.setting import LimitError
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.host.cgroups.usage import Meter
from cloche_engine.host.cgroups.v2 import weight_of
from cloche_engine.sandbox.plan.limits import Limits

MIB = 1 << 20
V1 = {
    "cpu": "cpu.shares=1024 cpu.cfs_period_us=100000 cpu.cfs_quota_us=-1",
    "cpuset": "cpuset.cpus=0-3 cpuset.mems=0",
    "memory": (
        "memory.limit_in_bytes=9223372036854771712 memory.memsw.limit_in_bytes=9223372036854771712"
        " memory.soft_limit_in_bytes=9223372036854771712 memory.usage_in_bytes=900000"
    ),
    "pids": "pids.max=max",
    "blkio": "blkio.bfq.weight=100",
}
V2 = (
    "cpu.weight=100 cpu.max=max_100000 cpuset.cpus= cpuset.mems= cpuset.cpus.effective="
    " cpuset.mems.effective= memory.max=max memory.high=max memory.swap.max=max"
    " memory.oom.group=0 memory.current=900000 pids.max=max io.weight="
)
STAT = "anon 500000\nactive_file 100000\ninactive_file 300000\n"
EVERYTHING = Limits(
    cpu_shares=2048, memory=64 * MIB, processes=7, cpu_quota=50000, cpu_period=20000,
    memory_soft=32 * MIB, memory_swap=96 * MIB, oom_group=True,
)  # fmt: skip


def fill(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for word in text.split():
        name, _, value = word.partition("=")
        (folder / name).write_text(value.replace("_", " ") if "max_" in value else value)


@pytest.fixture
def old(tmp_path: Path) -> tuple[Group, Callable[[str], str]]:
    """A group on a v1 host, and what stands in its files."""
    mounts = ""
    for name, text in V1.items():
        fill(tmp_path / name / "box", text)
        fill(tmp_path / name, "cpuset.cpus=0-3 cpuset.mems=0")
        mounts += f"30 25 0:26 / {tmp_path / name} rw - cgroup cgroup rw,{name}\n"
    (tmp_path / "memory/box/memory.stat").write_text(STAT)
    folders = {path.name: path for path in tmp_path.glob("*/box/*")}
    return Group(detect(mounts), "box"), lambda name: folders[name].read_text().strip()


@pytest.fixture
def new(tmp_path: Path) -> tuple[Group, Callable[[str], str]]:
    """A group on a v2 host, and what stands in its files."""
    (tmp_path / "cgroup.controllers").write_text("cpu cpuset io memory pids rdma")
    (tmp_path / "cgroup.subtree_control").write_text("")
    fill(tmp_path / "box", V2)
    (tmp_path / "box/memory.stat").write_text(STAT)
    mounts = f"30 25 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n"
    return Group(detect(mounts), "box"), lambda name: (tmp_path / "box" / name).read_text().strip()


Made = tuple[Group, Callable[[str], str]]


def test_a_v1_host_gets_its_limits_in_v1_words(old: Made) -> None:
    group, text = old
    assert apply(group, EVERYTHING) == []
    assert text("cpu.shares") == "2048"
    assert (text("cpu.cfs_quota_us"), text("cpu.cfs_period_us")) == ("50000", "20000")
    assert text("memory.limit_in_bytes") == str(64 * MIB)
    assert text("memory.memsw.limit_in_bytes") == str(96 * MIB)
    assert text("memory.soft_limit_in_bytes") == str(32 * MIB)
    assert text("pids.max") == "7"


def test_a_v2_host_gets_its_limits_in_v2_words(new: Made) -> None:
    group, text = new
    assert apply(group, EVERYTHING) == []
    assert text("cpu.weight") == "200"
    assert text("cpu.max") == "50000 20000"
    assert text("memory.max") == str(64 * MIB)
    assert text("memory.swap.max") == str(32 * MIB)
    assert text("memory.high") == str(32 * MIB)
    assert text("memory.oom.group") == "1"
    assert text("pids.max") == "7"


def test_memory_alone_allows_no_swap_and_is_slowed_down_at_nine_tenths(new: Made) -> None:
    group, text = new
    apply(group, Limits(memory=40960))
    assert (text("memory.max"), text("memory.swap.max")) == ("40960", "0")
    assert text("memory.high") == "36864"


def test_lifted_limits_are_written_too(old: Made) -> None:
    group, text = old
    apply(group, EVERYTHING)
    change(group, Limits())
    assert (text("cpu.shares"), text("cpu.cfs_quota_us")) == ("1024", "-1")
    for name in ("limit", "memsw.limit", "soft_limit"):
        assert text(f"memory.{name}_in_bytes") == "9223372036854771712"
    assert text("pids.max") == "max"


def test_a_v2_host_lifts_its_limits_in_v2_words(new: Made) -> None:
    group, text = new
    apply(group, EVERYTHING)
    change(group, Limits())
    assert (text("cpu.weight"), text("cpu.max")) == ("100", "max 100000")
    assert [text(f"memory.{name}") for name in ("max", "high", "swap.max")] == ["max"] * 3
    assert text("memory.oom.group") == "0"


def guaranteed(folder: Path, *groups: str) -> list[Group]:
    """Groups of a v2 host below one that is theirs, each with what it is guaranteed."""
    (folder / "cgroup.controllers").write_text("cpu cpuset io memory pids")
    (folder / "cgroup.subtree_control").write_text("")
    fill(folder / "cloche", "memory.min=0")
    for name in groups:
        fill(folder / "cloche" / name, f"{V2} memory.min=0")
    mounts = f"30 25 0:26 / {folder} rw - cgroup2 cgroup2 rw\n"
    return [Group(detect(mounts), f"cloche/{name}") for name in groups]


def test_a_guarantee_of_memory_is_claimed_by_the_group_above_too(tmp_path: Path) -> None:
    one, two = guaranteed(tmp_path, "one", "two")
    above = tmp_path / "cloche/memory.min"
    assert apply(one, Limits(memory_guarantee=64 * MIB)) == []
    assert (tmp_path / "cloche/one/memory.min").read_text() == str(64 * MIB)
    assert apply(two, Limits(memory_guarantee=32 * MIB)) == []
    assert above.read_text() == str(96 * MIB)
    assert change(one, Limits()) == []
    assert (tmp_path / "cloche/one/memory.min").read_text() == "0"
    assert above.read_text() == str(32 * MIB)


def test_what_was_claimed_for_one_that_ended_is_claimed_no_more(tmp_path: Path) -> None:
    one, two = guaranteed(tmp_path, "one", "two")
    above = tmp_path / "cloche/memory.min"
    apply(one, Limits(memory_guarantee=64 * MIB))
    apply(two, Limits(memory_guarantee=32 * MIB))
    for group, left in ((one, 32 * MIB), (two, 0)):
        assert above.read_text() != str(left)
        shutil.rmtree(tmp_path / group.name)
        release(group)
        assert above.read_text() == str(left)
    shutil.rmtree(above.parent)
    release(one)  # nothing is left above it either


def test_sizes_of_memory_rise_and_fall_together_while_it_runs(tmp_path: Path) -> None:
    (group,) = guaranteed(tmp_path, "one")
    folder = tmp_path / group.name
    for size in (64, 512, 16, 256, 1):
        wanted = Limits(
            memory=size * MIB, memory_soft=size * MIB // 2, memory_swap=3 * size * MIB,
            memory_guarantee=size * MIB // 4,
        )  # fmt: skip
        assert change(group, wanted) == []
        names = ("max", "high", "swap.max", "min")
        held = [int((folder / f"memory.{name}").read_text()) for name in names]
        assert held == [size * MIB, size * MIB // 2, 2 * size * MIB, size * MIB // 4]


def test_a_guarantee_that_a_group_further_up_does_not_give_is_told(tmp_path: Path) -> None:
    (one,) = guaranteed(tmp_path, "deep/one")
    fill(tmp_path / "cloche/deep", "memory.min=0")
    (said,) = apply(one, Limits(memory_guarantee=64 * MIB))
    assert said == "<min_guarantee>: the group /cloche gives 0 of 65536 KiB"
    fill(tmp_path / "cloche", "memory.min=max")
    assert apply(one, Limits(memory_guarantee=64 * MIB)) == []


def test_a_v1_host_says_that_it_guarantees_no_memory(old: Made) -> None:
    group, _ = old
    (said,) = apply(group, Limits(memory_guarantee=64 * MIB))
    assert said.startswith("<min_guarantee> cannot be applied here: only control groups of version")
    assert apply(group, Limits()) == []


def test_processors_are_given_back_by_taking_those_of_the_parent(old: Made) -> None:
    group, text = old
    apply(group, Limits(cpus="1,3"))
    assert text("cpuset.cpus") == "1,3"
    change(group, Limits())
    assert text("cpuset.cpus") == "0-3"


def test_processors_that_the_host_does_not_have_are_refused_by_name(new: Made) -> None:
    group, _ = new
    with pytest.raises(LimitError, match=r"<vcpu cpuset>: of 0-7 this host gives none"):
        apply(group, Limits(cpus="0-7"))


def test_a_limit_needs_room_for_what_is_used(new: Made, old: Made) -> None:
    for group, text in (new, old):
        with pytest.raises(LimitError, match="400 KiB are less than the 488 KiB"):
            change(group, Limits(memory=400 << 10))
        name = "memory.max" if group is new[0] else "memory.limit_in_bytes"
        assert text(name) in {"max", "9223372036854771712"}


def test_what_was_set_before_a_refusal_is_taken_back(new: Made) -> None:
    group, text = new
    change(group, Limits(cpu_shares=1024, memory=600 << 10, processes=5))
    with pytest.raises(LimitError):
        change(group, Limits(cpu_shares=2048, cpu_quota=5000, cpus="0-7", processes=6))
    assert (text("cpu.weight"), text("cpu.max")) == ("100", "max 100000")
    assert text("memory.max") == str(600 << 10)
    assert (text("pids.max"), text("cpuset.cpus")) == ("5", "")


def test_a_limit_that_has_no_file_here_is_refused(old: Made) -> None:
    group, _ = old
    for file in Path(f"{group.folder('io')}").iterdir():
        file.unlink()
    apply(group, Limits())
    with pytest.raises(LimitError, match=r"no blkio.bfq.weight, so <weight> cannot be set"):
        apply(group, Limits(io_weight=200))


def test_a_limit_that_no_controller_holds_is_refused(tmp_path: Path) -> None:
    layout = detect(f"30 25 0:26 / {tmp_path} rw - cgroup cgroup rw,cpu,cpuacct\n")
    with pytest.raises(LimitError, match="no control group tree with the memory controller"):
        apply(Group(layout, "box"), Limits(memory=MIB))


def test_a_group_that_was_removed_is_named(new: Made, tmp_path: Path) -> None:
    group, _ = new
    (tmp_path / "box").rename(tmp_path / "gone")
    with pytest.raises(LimitError, match="removed by another program"):
        change(group, Limits(processes=7))


def test_limits_are_read_as_the_definition_says_them(new: Made, old: Made) -> None:
    for group, _ in (new, old):
        apply(group, EVERYTHING)
        meter = Meter(group)
        held = meter.held()
        meter.close()
        assert (held.cpu_shares, held.cpu_quota, held.cpu_period) == (2048, 50000, 20000)
        assert (held.memory_limit, held.memory_swap_limit) == (64 * MIB, 96 * MIB)
        assert (held.memory_soft, held.processes_limit) == (32 * MIB, 7)


def test_usage_of_v2_is_read(new: Made, tmp_path: Path) -> None:
    group, _ = new
    box = tmp_path / "box"
    (box / "cpu.stat").write_text("usage_usec 7\nnr_throttled 3\nthrottled_usec 5\n")
    (box / "memory.events").write_text("oom 2\noom_kill 1\noom_group_kill 1\n")
    (box / "io.stat").write_text("254:0 rbytes=4096 wbytes=10 rios=1\n8:0 rbytes=4 wbytes=2\n")
    (box / "cpu.pressure").write_text("some avg10=12.50 avg60=1.00 avg300=0.00 total=9\n")
    meter = Meter(group)
    counts = meter.counts()
    assert (counts.cpu_usec, counts.throttled_usec, counts.throttled_periods) == (7, 5, 3)
    assert (counts.memory, counts.oom_kills) == (900000, 1)
    assert (counts.read_bytes, counts.written_bytes) == (4100, 12)
    assert (counts.cpu_pressure, counts.memory_pressure) == (12.5, 0.0)
    (box / "memory.current").write_text("1000")
    assert meter.counts().memory == 1000
    meter.close()


def test_usage_of_v1_is_read(old: Made, tmp_path: Path) -> None:
    group, _ = old
    (tmp_path / "cpu/box/cpu.stat").write_text("nr_throttled 3\nthrottled_time 5000\n")
    (tmp_path / "memory/box/memory.oom_control").write_text("under_oom 0\noom_kill 2\n")
    rates = "254:0 Read 4096\n254:0 Write 10\n254:0 Total 4106\nTotal 4106\n"
    (tmp_path / "blkio/box/blkio.throttle.io_service_bytes").write_text(rates)
    meter = Meter(group)
    counts = meter.counts()
    assert (counts.throttled_usec, counts.oom_kills) == (5, 2)
    assert (counts.read_bytes, counts.written_bytes) == (4096, 10)
    meter.close()


def test_shares_keep_their_ratios_as_weights() -> None:
    weights = {2: 1, 40: 4, 512: 50, 1024: 100, 2048: 200, 102400: 10000, 262144: 10000}
    assert {shares: weight_of(shares) for shares in weights} == weights


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (1024, []), (40, []), (0, []),
        (2, ["<cpushare>: 2 became the weight 1, which is 10 shares"]),
        (262144, ["<cpushare>: 262144 became the weight 10000, which is 102400 shares"]),
    ],
)  # fmt: skip
def test_a_weight_that_is_far_off_is_told(new: Made, shares: int, said: list[str]) -> None:
    group, _ = new
    assert apply(group, Limits(cpu_shares=shares)) == said


COUNTED = "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
OTHER = "31 25 0:27 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"


def test_hierarchies_without_a_wanted_controller_are_left_alone() -> None:
    layout = detect(COUNTED + OTHER)
    assert [str(tree.path) for tree in layout.hierarchies] == ["/sys/fs/cgroup/cpu,cpuacct"]


def test_a_v2_tree_lends_its_controllers_to_the_group(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids rdma")
    (tmp_path / "cgroup.subtree_control").write_text("")
    (tmp_path / "cloche").mkdir()
    (tmp_path / "cloche/cgroup.subtree_control").write_text("")
    group = Group(detect(f"30 25 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n"), "cloche/box")
    group.create()
    for folder in (tmp_path, tmp_path / "cloche"):
        assert (folder / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
