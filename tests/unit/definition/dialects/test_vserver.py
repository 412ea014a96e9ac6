"""Linux-VServer's XML as it was proposed in November 2007, read and written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.unit.definition.dialects.holding import vserver_specs
from tests.unit.definition.dialects.reading import Read, codes, sample, vserver, warnings

from cloche_engine.definition.dialects.vserver.write import REASONS, write
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    InterfaceKind,
    Memory,
)


def guest(inside: str, name: str = "<name>testvm</name>") -> Read:
    return vserver(f"<domain type='vserver'>{name}{inside}</domain>")


def disk(inside: str, kind: str = "path") -> Read:
    return guest(f"<devices><disk type='{kind}' device='path'>{inside}</disk></devices>")


def ip(attributes: str) -> Read:
    return guest(f"<devices><interface type='vserver'><ip {attributes}/></interface></devices>")


def test_the_proposal_is_read_whole() -> None:
    read = vserver(sample("vserver/november-2007.xml"))
    assert codes(read) == []
    spec = read.spec
    assert (spec.name, spec.hostname, spec.machine) == ("testvm", "testvm", "i586")
    assert spec.memory == Memory(max_kib=500000)
    assert spec.cpu == Cpu(quota_us=100_000, period_us=1_000_000, cpuset="1")
    assert spec.filesystems == (
        Filesystem(FilesystemKind.MOUNT, "/vservers/testvm", "/"),
        Filesystem(FilesystemKind.BLOCK, "/dev/hda4", "/var"),
        Filesystem(FilesystemKind.MOUNT, "/home/testvm", "/home"),
    )
    (link,) = spec.interfaces
    assert (link.kind, link.addresses) == (InterfaceKind.ETHERNET, ("192.168.7.20/24",))
    paths = [entry.path for entry in spec.opaque]
    assert paths == [
        "domain/scheduler",
        "domain/container/distribution",
        "domain/devices/interface[1]/ip[1]/@interface",
    ]


def test_the_earlier_patchs_xid_is_kept() -> None:
    read = vserver(sample("vserver/xid.xml"))
    assert [(entry.path, entry.text) for entry in read.spec.opaque] == [
        ("domain/xid", "<xid>123</xid>")
    ]
    assert (read.spec.name, read.problems) == ("guest1", ())
    assert read.spec.uuid == "6f1c7d7b5a414ff5b4a7bfb2c8f0a9d3"


def test_t14_memory_is_taken_as_kib_and_said_to_be() -> None:
    read = guest("<memory> 500000 </memory>")
    assert (read.spec.memory.max_kib, warnings(read)) == (500000, ["memory"])
    read = guest("<memory unit='MiB'>64</memory>")
    assert (read.spec.memory.max_kib, warnings(read)) == (65536, [])
    for text in ("-1", "1.5", "much", "9" * 30):
        assert codes(guest(f"<memory>{text}</memory>")) == ["memory"], text


@pytest.mark.parametrize(
    ("rates", "cpu"),
    [
        ("fill_rate1='1' interval1='4'", Cpu(quota_us=1000, period_us=4000)),
        ("fill_rate1=' 100 ' interval1='1000'", Cpu(quota_us=100_000, period_us=1_000_000)),
        ("fill_rate1='500' interval1='5000'", Cpu(quota_us=100_000, period_us=1_000_000)),
        ("fill_rate1='100'", Cpu()),
        ("fill_rate1='0' interval1='10'", Cpu()),
        ("", Cpu()),
    ],
)
def test_t16_a_rate_is_a_part_of_a_cpu(rates: str, cpu: Cpu) -> None:
    read = guest(f"<scheduler {rates}/>")
    assert (read.spec.cpu, codes(read)) == (cpu, [])
    assert warnings(read) == (["scheduler"] if rates else [])


@pytest.mark.parametrize("rates", ["fill_rate1='x' interval1='1'", "fill_rate1='1' interval1='0'"])
def test_rates_that_are_no_numbers_are_refused(rates: str) -> None:
    assert len(codes(guest(f"<scheduler {rates}/>"))) == 1


def test_cpus_become_a_list_without_those_that_give_no_time() -> None:
    cpus = "".join(f"<cpu id='{n}'/>" for n in (0, 1, 2, 5, 7, 8)) + "<cpu id='3' fill_rate1='0'/>"
    assert guest(f"<scheduler>{cpus}</scheduler>").spec.cpu == Cpu(cpuset="0-2,5,7-8")


def test_a_scheduler_that_says_more_is_kept_and_written_back() -> None:
    read = vserver(sample("vserver/november-2007.xml"))
    again = vserver(write(read.spec))
    assert replace(again.spec, opaque=()) == replace(read.spec, opaque=())
    assert set(again.spec.opaque) == set(read.spec.opaque)
    assert b"fill_rate2='250'" in write(read.spec)
    assert write(read.spec).count(b"<scheduler") == 1


def test_a_kept_scheduler_gives_way_to_a_limit_changed_since() -> None:
    spec = vserver(sample("vserver/november-2007.xml")).spec
    changed = ContainerSpec(
        spec.name, cpu=Cpu(quota_us=20_000, period_us=50_000), opaque=spec.opaque
    )
    written = write(changed)
    assert b"<scheduler fill_rate1='20' interval1='50'/>" in written
    assert b"fill_rate2" not in written


def test_t5_t7_source_is_the_hosts_and_target_the_containers_path() -> None:
    read = disk("<target path='/var//lib/./x/'/><source path='/srv/x/'/>")
    assert read.spec.filesystems == (Filesystem(FilesystemKind.MOUNT, "/srv/x/", "/var/lib/x"),)


def test_t6_a_parent_behind_its_child_and_a_target_taken_twice_are_refused() -> None:
    one = "<disk type='path' device='path'><source path='/srv'/><target path='{}'/></disk>"
    for targets, code in (
        (("/a/b", "/a"), "hidden-mount"),
        (("/a", "/a/"), "same-target"),
        (("/", "//"), "same-target"),
    ):
        text = "".join(one.format(target) for target in targets)
        assert codes(guest(f"<devices>{text}</devices>")) == [code]


@pytest.mark.parametrize(
    "inside",
    [
        "<source path='srv'/><target path='/a'/>",
        "<source path='/srv'/><target path='a'/>",
        "<source path='/srv'/><target path='/../a'/>",
        "<source path=''/><target path='/a'/>",
        "<source path='/srv'/><target path=''/>",
    ],
)
def test_t8_paths_that_lead_elsewhere_are_refused(inside: str) -> None:
    assert codes(disk(inside)) == ["path"]


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        ("<target path='/a'/>", "path"),
        ("<source path='/srv'/>", "path"),
        ("<source path='/srv'/><target path='/a'/>", "block"),
        ("<source dev='/dev/sda1'/><target path='/a'/>", "path"),
    ],
)
def test_t8_a_disk_without_source_or_target_is_refused(inside: str, kind: str) -> None:
    assert codes(disk(inside, kind)) == ["missing"]


def test_a_read_only_disk_is_read_as_one() -> None:
    inside = "<source path='/srv'/><target path='/a'/><readonly/>"
    assert disk(inside).spec.filesystems[0].readonly


def test_t12_a_family_is_written_in_any_case() -> None:
    for family in ("IPv4", "ipv4"):
        read = ip(f"family='{family}' address='10.0.0.2' prefix='24'")
        assert (read.spec.interfaces[0].addresses, codes(read)) == (("10.0.0.2/24",), [])
    read = ip("family='IPv6' address='fd00::2' prefix='64'")
    assert read.spec.interfaces[0].addresses == ("fd00::2/64",)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ("family='IPv6' address='10.0.0.2' prefix='24'", "family"),
        ("family='IPv5' address='10.0.0.2' prefix='24'", "family"),
        ("family='IPv4' address='10.00.0.2' prefix='24'", "address"),
        ("family='IPv4' address='10.0.0.2' prefix='33'", "netmask"),
        ("family='IPv4' address='10.0.0.2' prefix='-1'", "prefix"),
        ("address='ff02::1' prefix='64'", "address"),
    ],
)
def test_t12_an_address_that_cannot_be_is_refused(attributes: str, code: str) -> None:
    assert codes(ip(attributes)) == [code]


def test_t12_a_missing_prefix_is_not_guessed() -> None:
    read = ip("family='IPv4' address='10.0.0.2'")
    assert (read.spec.interfaces[0].addresses, warnings(read)) == (
        ("10.0.0.2",),
        ["interface", "netmask"],
    )


def test_t13_an_empty_address_warns_and_gives_nothing() -> None:
    read = ip("family='IPv4' address='' prefix='24'")
    assert (codes(read), warnings(read)) == ([], ["interface", "address"])
    assert read.spec.interfaces[0].addresses == ()


def test_t18_a_uuid_is_read_but_has_no_place_on_the_way_out() -> None:
    read = guest("<uuid>8DFD44B3-1E76-46D3-BD32-C3FD3A8A4A21</uuid>")
    assert read.spec.uuid == "8dfd44b31e7646d3bd32c3fd3a8a4a21"
    assert b"uuid" not in write(read.spec)
    assert "uuid" in {reason.path for reason in REASONS}


def test_t19_a_name_that_is_none_here_has_its_rename() -> None:
    (problem,) = guest("", "<name>-my vm</name>").problems
    assert (problem.code, problem.fixes[0].name) == ("name", "rename")
    assert problem.fixes[0].edits[0].text == "my-vm"


def test_t24_two_of_what_stands_once_are_refused() -> None:
    assert codes(guest("<name>b</name>")) == ["duplicate"]
    assert codes(guest("<scheduler/><scheduler/>")) == ["duplicate"]


def test_an_unknown_element_warns_and_is_kept() -> None:
    read = guest("<flags>hide_vinfo</flags>")
    assert (warnings(read), codes(read)) == (["unknown-element"], [])
    assert [(entry.path, entry.text) for entry in read.spec.opaque] == [
        ("domain/flags", "<flags>hide_vinfo</flags>")
    ]
    assert vserver(write(read.spec)).spec == read.spec


@settings(max_examples=60, deadline=None)
@given(vserver_specs)
def test_what_linux_vserver_holds_is_read_back_equal(spec: ContainerSpec) -> None:
    read = vserver(write(spec))
    assert codes(read) == []
    assert read.spec == spec
    assert write(read.spec) == write(spec)
