"""OpenVZ's XML since July 2008: generic domain XML of type openvz, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.unit.definition.dialects.holding import openvz_specs
from tests.unit.definition.dialects.reading import Read, codes, openvz, sample, warnings

from cloche_engine.definition.dialects.openvz.write import REASONS, write
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
)

OS = "<os><type>exe</type><init>/sbin/init</init></os>"


def today(devices: str = "", rest: str = "", name: str = "105") -> Read:
    return openvz(
        f"<domain type='openvz'><name>{name}</name>{rest}{OS}<devices>{devices}</devices></domain>"
    )


def mount(inside: str, kind: str = "type='mount'") -> Read:
    return today(f"<filesystem {kind}>{inside}</filesystem>")


def test_todays_document_is_read_whole() -> None:
    read = openvz(sample("openvz/today.xml"))
    assert codes(read) == []
    spec = read.spec
    assert (spec.name, spec.uuid) == ("104", "86c12009e591a1596e9f91d18b85ef78")
    assert spec.description == "mail, and nothing else"
    assert spec.program == ("/sbin/init",)
    assert spec.arch == "x86_64"
    assert spec.cpu == Cpu(512, 50000, 100000, "0-1", count=2)
    assert spec.memory == Memory(262144, 196608, guarantee_kib=65536)
    assert (spec.on_poweroff, spec.on_reboot, spec.on_crash) == ("destroy", "restart", "destroy")
    assert spec.filesystems == (
        Filesystem(
            FilesystemKind.TEMPLATE,
            "fedora-9-i386-minimal",
            "/",
            size_kib=1126400,
            soft_kib=1024000,
        ),
        Filesystem(FilesystemKind.MOUNT, "/srv/mail", "/var/mail", readonly=True),
    )
    routed, bridged = spec.interfaces
    assert (routed.kind, routed.addresses) == (InterfaceKind.ETHERNET, ("194.44.18.88/32",))
    assert (bridged.kind, bridged.source) == (InterfaceKind.BRIDGE, "br0")
    assert (bridged.mac, bridged.host_name) == ("00:18:51:5b:ea:bf", "veth104.0")
    assert [entry.path for entry in spec.opaque] == [
        "domain/clock",
        "domain/devices/filesystem[1]/@accessmode",
        "domain/devices/filesystem[2]/@accessmode",
    ]
    assert set(openvz(write(spec)).spec.opaque) == set(spec.opaque)
    assert b"<filesystem type='template' accessmode='passthrough'>" in write(spec)


def test_july_2008_has_quotas_and_a_template_without_target() -> None:
    read = openvz(sample("openvz/july-2008.xml"))
    assert codes(read) == []
    assert read.spec.filesystems == (
        Filesystem(FilesystemKind.TEMPLATE, "debian-5.0-i386", "/", size_kib=1048576),
    )
    (link,) = read.spec.interfaces
    assert (link.kind, link.addresses) == (InterfaceKind.ETHERNET, ("10.0.4.106",))
    assert read.spec.memory == Memory()
    assert [entry.path for entry in read.spec.opaque] == ["domain/devices/filesystem[1]/quota"]
    assert b"<quota type='inodes' max='200000'/>" in write(read.spec)


def test_t14_zero_is_unset_as_libvirt_writes_it_for_openvz() -> None:
    read = openvz(sample("openvz/from-conf.xml"))
    assert codes(read) == []
    assert read.spec.memory == Memory()
    assert read.spec.cpu == Cpu()
    assert read.spec.uuid == "0" * 32
    (link,) = read.spec.interfaces
    assert (link.mac, link.addresses) == (None, ("194.44.18.88",))


@pytest.mark.parametrize("number", ["101", "4096", "2147483647"])
def test_t19_a_number_above_100_is_a_name(number: str) -> None:
    read = today(name=number)
    assert (read.spec.name, read.problems) == (number, ())


@pytest.mark.parametrize("number", ["1", "100"])
def test_t19_reserved_numbers_warn(number: str) -> None:
    read = today(name=number)
    assert (read.spec.name, codes(read), warnings(read)) == (number, [], ["name"])


@pytest.mark.parametrize("number", ["0", "000", "2147483648", "99999999999999999999999"])
def test_t19_what_can_be_no_containers_number_is_refused(number: str) -> None:
    assert codes(today(name=number)) == ["name"]


def test_t19_a_word_is_kept_and_said_to_be_no_number() -> None:
    read = today(name="web")
    assert (read.spec.name, codes(read), warnings(read)) == ("web", [], ["name"])


def test_t19_a_name_that_is_none_here_has_its_rename() -> None:
    (problem,) = today(name="my web").problems
    assert (problem.code, problem.is_error) == ("name", True)
    (fix,) = problem.fixes
    assert (fix.name, fix.edits[0].text) == ("rename", "my-web")


def test_t19_an_export_asks_for_a_number_and_makes_none_up() -> None:
    written = write(ContainerSpec("web"))
    assert b"<name" not in written
    assert b"web" not in written
    (reason,) = (entry for entry in REASONS if entry.path == "name")
    assert "number" in reason.why
    assert openvz(written).spec.name == ""
    assert b"<name>105</name>" in write(ContainerSpec("105"))


def test_t4_a_filesystem_without_type_is_libvirts_mount() -> None:
    read = mount("<source dir='/srv/a'/><target dir='/a'/>", "")
    assert read.spec.filesystems == (Filesystem(FilesystemKind.MOUNT, "/srv/a", "/a"),)


@pytest.mark.parametrize(
    "inside",
    [
        "<source dir='srv'/><target dir='/a'/>",
        "<source dir='/srv'/><target dir='a'/>",
        "<source dir='/srv'/><target dir='/a/../b'/>",
        "<source dir=''/><target dir='/a'/>",
        "<source dir='/srv'/><target dir='/a&#10;b'/>",
    ],
)
def test_t8_paths_that_lead_elsewhere_are_refused(inside: str) -> None:
    assert codes(mount(inside)) == ["path"]


def test_t8_a_second_mount_on_the_root_is_refused() -> None:
    root = "<filesystem type='mount'><source dir='/a'/><target dir='/'/></filesystem>"
    assert codes(today(root + root.replace("'/'", "'/./'"))) == ["same-target"]


def test_t9_a_template_is_named_with_dots_and_without_slashes() -> None:
    text = "<source name='{}'/><target dir='/'/>"
    read = mount(text.format("slackware-10.2-i386-minimal"), "type='template'")
    assert codes(read) == []
    assert codes(mount(text.format("../x"), "type='template'")) != []


def test_t18_a_uuid_is_compared_as_128_bits_and_written_with_dashes() -> None:
    read = today(rest="<uuid>8DFD44B31E7646D3BD32C3FD3A8A4A21</uuid>")
    assert read.spec.uuid == "8dfd44b31e7646d3bd32c3fd3a8a4a21"
    assert b"<uuid>8dfd44b3-1e76-46d3-bd32-c3fd3a8a4a21</uuid>" in write(read.spec)
    assert codes(today(rest="<uuid>{8dfd44b31e7646d3bd32c3fd3a8a4a21}</uuid>")) == ["uuid"]


def test_t24_two_of_what_stands_once_are_refused() -> None:
    uuid = "<uuid>8dfd44b31e7646d3bd32c3fd3a8a4a21</uuid>"
    assert codes(today(rest=uuid * 2)) == ["duplicate"]


def test_t25_numbers_are_trimmed_and_names_hold_no_line_break() -> None:
    read = today(rest="<memory> 65536\n</memory><vcpu>\t2 </vcpu>", name=" 105 ")
    assert (read.spec.name, read.spec.memory.max_kib, read.spec.cpu.count) == ("105", 65536, 2)
    assert codes(today(name="1\n5")) == ["name"]


def test_t25_utf16_is_read_like_utf8() -> None:
    text = sample("openvz/today.xml").decode()
    assert openvz(text.encode("utf-16")).spec == openvz(text).spec


@pytest.mark.parametrize("name", ["disk", "hostdev", "interface"])
def test_devices_of_the_host_are_kept_and_said_to_be_root_equivalent(name: str) -> None:
    text = {
        "disk": "<disk type='file'><source file='/vz/a.img'/><target dev='xvda'/></disk>",
        "hostdev": "<hostdev mode='capabilities' type='misc'/>",
        "interface": "<interface type='ethernet'><script path='/etc/up'/></interface>",
    }[name]
    read = today(text)
    assert (codes(read), warnings(read)) == ([], ["not-supported-yet"])
    assert "root-equivalent" in read.problems[0].reason
    (kept,) = read.spec.opaque
    assert kept.text in write(read.spec).decode()


def test_memory_and_its_hard_limit_have_to_agree() -> None:
    twins = "<memory>65536</memory><memtune><hard_limit>{}</hard_limit></memtune>"
    assert codes(today(rest=twins.format(65536))) == []
    assert codes(today(rest=twins.format(65537))) == ["contradiction"]


def test_a_zero_memory_contradicts_no_hard_limit() -> None:
    rest = "<memory>0</memory><memtune><hard_limit>65536</hard_limit></memtune>"
    read = today(rest=rest)
    assert (codes(read), read.spec.memory.max_kib) == ([], 65536)


def test_a_private_network_keeps_its_addresses_as_a_routed_link() -> None:
    spec = ContainerSpec("105", interfaces=(Interface(addresses=("10.0.0.2/24",)),))
    (link,) = openvz(write(spec)).spec.interfaces
    assert (link.kind, link.addresses) == (InterfaceKind.ETHERNET, ("10.0.0.2/24",))


def test_what_openvz_cannot_hold_is_left_out_and_has_its_reason() -> None:
    spec = ContainerSpec("105", hostname="h", nameservers=("1.1.1.1",), title="t", profile="p")
    assert openvz(write(spec)).spec == ContainerSpec("105")
    paths = {reason.path for reason in REASONS}
    assert {"hostname", "nameservers", "title", "profile", "idmap", "environment"} <= paths


@settings(max_examples=60, deadline=None)
@given(openvz_specs)
def test_what_openvz_holds_is_read_back_equal(spec: ContainerSpec) -> None:
    read = openvz(write(spec))
    assert codes(read) == []
    assert read.spec == spec
    assert write(read.spec) == write(spec)


def test_t10_there_is_one_way_to_everywhere() -> None:
    way = "<route address='0.0.0.0' gateway='10.{}.0.1'/>"
    ip = "<ip address='10.{}.0.5' prefix='24'/>"
    links = [f"<interface type='ethernet'>{(ip + way).format(n, n)}</interface>" for n in (0, 1)]
    assert codes(today(links[0])) == []
    assert codes(today("".join(links))) == ["duplicate"]
    twice = links[0].replace("</interface>", way.format(0) + "</interface>")
    assert codes(today(twice)) == ["duplicate"]
