"""Limits of memory, processors and input and output, in libvirt's elements."""

from __future__ import annotations

import pytest
from tests.unit.definition.domain.parts import codes, domain, written

from cloche_engine.definition.domain.cpuset import plain_cpuset, valid_cpuset
from cloche_engine.definition.domain.disks import io_markup, read_io_devices, read_io_weight
from cloche_engine.definition.domain.limits import (
    cpu_markup,
    memory_markup,
    read_cpu,
    read_memory,
)
from cloche_engine.definition.spec import Cpu, IoDevice, Memory

DISKS = (IoDevice("/dev/sda", 200, 1048576, write_iops_sec=30), IoDevice("/dev/sdb"))


def test_limits_are_written_as_they_are_read() -> None:
    memory, cpu = Memory(65536, 1024, 131072, 2048), Cpu(40, 50000, 100000, "0-3,8", "0-1", 4)
    text = written([*memory_markup(memory), *cpu_markup(cpu), *io_markup(500, DISKS)])
    report = domain(text)
    root = report.tree.root
    assert read_memory(report, root) == memory
    assert read_cpu(report, root) == cpu
    assert read_io_weight(root) == 500
    assert read_io_devices(report, root) == DISKS
    assert report.problems() == ()


def test_silence_is_silence() -> None:
    report = domain("<name>one</name>")
    assert read_memory(report, report.tree.root) == Memory()
    assert read_cpu(report, report.tree.root) == Cpu()
    assert not [*memory_markup(Memory()), *cpu_markup(Cpu()), *io_markup(None, ())]


@pytest.mark.parametrize(
    ("written", "kib"),
    [
        ("<memory>65536</memory>", 65536),
        ("<memory unit='MB'>1</memory>", 977),
        ("<memory unit='mib'> 64 </memory>", 65536),
        ("<memory unit='KiB'>9007199254740991</memory>", None),
        ("<memtune><hard_limit unit='G'>1</hard_limit></memtune>", 1048576),
        ("<memory>1048576</memory><memtune><hard_limit unit='G'>1</hard_limit></memtune>", 1048576),
    ],
)
def test_t14_memory_has_units_and_is_rounded_up(written: str, kib: int | None) -> None:
    report = domain(written)
    assert read_memory(report, report.tree.root).max_kib == kib
    assert codes(report) == []


def test_t14_no_memory_is_no_limit_only_where_the_dialect_says_so() -> None:
    report = domain("<memory>0</memory>")
    assert read_memory(report, report.tree.root, zero_is_unset=True).max_kib is None
    assert codes(report) == []
    read_memory(report, report.tree.root)
    assert codes(report) == ["memory"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("<memory>-1</memory>", "memory"),
        ("<memory>many</memory>", "memory"),
        ("<memory>99999999999999999999</memory>", "memory"),
        ("<memory>65536</memory><memtune><soft_limit>65537</soft_limit></memtune>", "memory"),
        (
            "<memory>65536</memory><memtune><swap_hard_limit>600</swap_hard_limit></memtune>",
            "memory",
        ),
        (
            "<memory>65536</memory><memtune><hard_limit>65537</hard_limit></memtune>",
            "contradiction",
        ),
        ("<memtune><soft_limit>x</soft_limit></memtune>", "soft_limit"),
    ],
)
def test_t14_memory_that_cannot_be(written: str, code: str) -> None:
    report = domain(written)
    read_memory(report, report.tree.root)
    assert codes(report) == [code]


def test_t15_the_twins_of_shares_have_to_agree() -> None:
    tune = "<cputune><shares>512</shares></cputune>"
    for own, wanted in ((512, []), (513, ["contradiction"])):
        report = domain(f"<cpushare>{own}</cpushare>{tune}")
        root = report.tree.root
        assert read_cpu(report, root, root.first("cpushare")).shares == own
        assert codes(report) == wanted


@pytest.mark.parametrize(
    ("name", "text", "value", "code"),
    [
        ("quota", "-1", None, []),
        ("quota", "-17592186044415", None, []),
        ("quota", "0", None, []),
        ("quota", "1000", 1000, []),
        ("quota", "17592186044415", 17592186044415, []),
        ("quota", "999", None, ["quota"]),
        ("quota", "17592186044416", None, ["quota"]),
        ("quota", "--5", None, ["quota"]),
        ("period", "0", None, []),
        ("period", "1000", 1000, []),
        ("period", "1000000", 1000000, []),
        ("period", "999", None, ["period"]),
        ("period", "1000001", None, ["period"]),
        ("period", "-1", None, ["period"]),
    ],
)
def test_t16_quota_and_period(name: str, text: str, value: int | None, code: list[str]) -> None:
    report = domain(f"<cputune><{name}>{text}</{name}></cputune>")
    assert getattr(read_cpu(report, report.tree.root), f"{name}_us") == value
    assert codes(report) == code


@pytest.mark.parametrize(
    ("text", "plain"),
    [("0-3", "0-3"), (" 0, 2-3 ,8", "0,2-3,8"), ("0-3,^2", "0-1,3"), ("^1,0-1", "0"), ("7", "7")],
)
def test_a_list_of_processors_is_written_as_the_kernel_takes_it(text: str, plain: str) -> None:
    assert valid_cpuset(text) is None
    assert plain_cpuset(text) == plain


@pytest.mark.parametrize(
    "text", ["", "a", "3-1", "0-", "0--3", "1,,2", "^1-2", "1,^1", "99999", "\N{SUPERSCRIPT TWO}"]
)
def test_a_list_of_processors_that_is_none(text: str) -> None:
    assert valid_cpuset(text)
    report = domain(f"<vcpu cpuset='{text}'>1</vcpu>")
    assert read_cpu(report, report.tree.root).cpuset is None
    assert codes(report) == ["cpuset"]


def test_memory_nodes_that_are_only_preferred_are_not_a_limit() -> None:
    report = domain("<numatune><memory mode='preferred' nodeset='0'/></numatune>")
    assert read_cpu(report, report.tree.root).mems is None
