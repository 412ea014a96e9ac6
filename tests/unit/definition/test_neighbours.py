"""What a new definition must not have in common with those that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cloche_engine.definition.checking.neighbours import (
    against,
    guarantees_memory,
    host_memory_kib,
)
from cloche_engine.definition.document import Document
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind, Memory

ONE = ContainerSpec(
    "one",
    "1" * 32,
    interfaces=(Interface(InterfaceKind.NAT, addresses=("10.0.0.5/24", "fd00::5/64")),),
)
OTHER = ContainerSpec("other", "2" * 32)


def codes(spec: ContainerSpec, *others: ContainerSpec, memory: int | None = None) -> list[str]:
    return [problem.code for problem in against(spec, others, memory)]


def test_alone_there_is_nothing_to_take() -> None:
    assert codes(ONE) == []
    assert codes(ONE, OTHER) == []


def test_a_name_and_a_uuid_that_are_taken_are_errors() -> None:
    assert codes(replace(OTHER, name="one"), ONE) == ["name-taken"]
    assert codes(replace(OTHER, uuid="1" * 32), ONE) == ["uuid-taken"]
    assert all(problem.is_error for problem in against(ONE, [ONE], None)[:1])


def test_without_a_uuid_none_is_taken() -> None:
    assert codes(replace(OTHER, uuid=None), replace(ONE, uuid=None)) == []


@pytest.mark.parametrize("address", ["10.0.0.5/8", "fd00::5/128"])
def test_an_address_is_taken_whatever_its_prefix(address: str) -> None:
    mine = replace(OTHER, interfaces=(Interface(addresses=(address,)),))
    (problem,) = against(mine, [ONE], None)
    assert (problem.code, problem.is_error) == ("address-taken", False)
    assert "'one'" in problem.reason


def test_on_two_bridges_an_address_can_stand_twice() -> None:
    def on(bridge: str) -> tuple[Interface, ...]:
        return (Interface(InterfaceKind.BRIDGE, bridge, addresses=("10.0.0.5/24",)),)

    first = replace(ONE, interfaces=on("br0"))
    assert codes(replace(OTHER, interfaces=on("br1")), first) == []
    assert codes(replace(OTHER, interfaces=on("br0")), first) == ["address-taken"]


def test_memory_above_the_hosts_is_told() -> None:
    much = replace(OTHER, memory=Memory(max_kib=2049))
    assert codes(much, memory=2048) == ["memory-above-host"]
    assert codes(much, memory=2049) == []
    assert codes(much, memory=None) == []
    assert (host_memory_kib() or 0) > 1024


def test_a_guarantee_of_memory_that_this_host_cannot_give_is_told(tmp_path: Path) -> None:
    text = b"""<domain type='linuxcontainer'><name>one</name>
<container><application>/bin/sh</application></container>
<memtune><min_guarantee>65536</min_guarantee></memtune></domain>"""
    document = Document.parse(text)
    spec = document.compiled()
    assert document.problems == ()
    (problem,) = against(spec, (), None, document.tree, guarantees=False)
    assert (problem.code, problem.place) == ("guarantee-unheeded", (3, 25))
    assert not problem.is_error
    assert against(spec, (), None, document.tree, guarantees=True) == ()
    assert not guarantees_memory(tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpu io memory pids\n")
    assert guarantees_memory(tmp_path)


def test_a_guarantee_above_the_most_memory_is_told_at_its_place() -> None:
    text = b"""<domain type='linuxcontainer'><name>one</name><memory>65536</memory>
<container><application>/bin/sh</application></container>
<memtune><min_guarantee>65537</min_guarantee></memtune></domain>"""
    (problem,) = Document.parse(text).problems
    assert (problem.code, problem.line, problem.is_error) == ("memory", 3, False)
    assert Document.parse(text.replace(b"65537", b"65536")).problems == ()


def test_the_problems_stand_where_the_text_says_it() -> None:
    text = b"""<domain type='linuxcontainer'>
  <name>one</name>
  <uuid>11111111111111111111111111111111</uuid>
  <container>
    <application>/bin/sh</application>
    <network><ip address='10.0.0.5' prefix='24'/></network>
  </container>
  <memory>4096</memory>
</domain>"""
    reading = read(text)
    assert reading.spec is not None
    found = against(reading.spec, [ONE], 2048, reading.tree)
    assert [(problem.code, problem.line) for problem in found] == [
        ("name-taken", 2),
        ("uuid-taken", 3),
        ("address-taken", 6),
        ("memory-above-host", 8),
    ]
