"""Containers as libvirt writes them are read whole and written so that libvirt takes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.unit.definition.dialects.holding_libvirt import libvirt_specs
from tests.unit.definition.dialects.libvirt import HEAD, OS, again, domain, is_valid, lxc, plain
from tests.unit.definition.dialects.reading import SAMPLES, codes, warnings

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.dialects.libvirt_lxc.read import read
from cloche_engine.definition.dialects.libvirt_lxc.write import write
from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    IdMap,
    IdRange,
    Interface,
    InterfaceKind,
    IoDevice,
    Memory,
    Opaque,
    Route,
    SharedNamespace,
)
from cloche_engine.definition.text.source import read_source
from cloche_engine.definition.text.tree import parse_tree

FILES = sorted((SAMPLES / "libvirt").glob("*.xml"))


@settings(max_examples=30, deadline=None)
@given(libvirt_specs)
def test_what_is_written_is_read_back(spec: ContainerSpec) -> None:
    found = lxc(write(spec))
    assert codes(found) == []
    assert plain(found.spec) == plain(spec)


@settings(max_examples=30, deadline=None)
@given(libvirt_specs)
def test_libvirts_own_schema_takes_what_is_written(spec: ContainerSpec) -> None:
    assert is_valid(write(spec))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_samples_are_read_without_an_error_and_written_alike(path: Path) -> None:
    found = lxc(path.read_bytes())
    assert codes(found) == []
    assert plain(again(found.spec)) == plain(found.spec)
    assert write(again(found.spec)) == write(found.spec)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_libvirts_own_schema_takes_the_samples_before_and_after(
    path: Path,
) -> None:
    data = path.read_bytes()
    assert is_valid(data)
    assert is_valid(write(lxc(data).spec))


def test_a_whole_system_is_read_whole() -> None:
    found = lxc((SAMPLES / "libvirt" / "system.xml").read_bytes())
    spec = replace(
        found.spec,
        opaque=(),
        filesystems=found.spec.filesystems[:3],
        interfaces=found.spec.interfaces[:2],
    )
    assert warnings(found) == ["not-supported-yet", "root-equivalent"]
    assert spec == ContainerSpec(
        name="web-1",
        uuid="8dfd44b31e7611d3a7b50123456789ab",
        title="The web server",
        description="Behind the proxy,\non two lines",
        filesystems=(
            Filesystem(FilesystemKind.MOUNT, "/srv/containers/web/", "/"),
            Filesystem(FilesystemKind.RAM, "", "/run", size_kib=65536),
            Filesystem(FilesystemKind.FILE, "/srv/images/data.img", "/data", readonly=True),
        ),
        interfaces=(
            Interface(
                InterfaceKind.BRIDGE,
                "br0",
                "52:54:00:ab:cd:ef",
                "eth0",
                ("192.168.122.5/24", "2001:db8:0:1::5/64"),
                (Route("10.0.0.0/8", "192.168.122.9", 2),),
                "192.168.122.1",
                "2001:db8:0:1::1",
                host_name="veth0",
            ),
            Interface(InterfaceKind.MACVLAN, "eth3", up=False, mode="passthru"),
        ),
        program=("/sbin/init", "--unit", "emergency.service"),
        environment=(("LANG", "de_DE.UTF-8"),),
        directory="/srv/web",
        user="1000",
        group="www-data",
        cpu=Cpu(2048, 50000, 100000, "0-1,3", "0", 2),
        memory=Memory(524288, 262144, 1048576),
        consoles=2,
        io_weight=500,
        io_devices=(IoDevice("/dev/sda", 300),),
        idmap=IdMap((IdRange(0, 100000, 65536),), (IdRange(0, 100000, 65536),)),
        capabilities=Capabilities(CapabilityPolicy.DEFAULT, ("mknod",), ("sys_chroot",)),
        network_isolated=True,
        namespaces=(SharedNamespace("ipc", "name", "db-1"), SharedNamespace("uts", "pid", "12345")),
        on_poweroff="destroy",
        on_reboot="restart",
        on_crash="coredump-restart",
        arch="x86_64",
    )


def test_what_is_not_understood_is_kept_by_its_path() -> None:
    found = lxc((SAMPLES / "libvirt" / "system.xml").read_bytes()).spec.opaque
    assert [entry.path for entry in found] == [
        "domain/metadata",
        "domain/resource",
        "domain/clock",
        "domain/devices/emulator",
        "domain/devices/filesystem[1]/@accessmode",
        "domain/devices/filesystem[3]/@accessmode",
        "domain/devices/filesystem[3]/driver",
        "domain/devices/interface[1]/bandwidth",
        "domain/devices/interface[3]/source/ip",
        "domain/devices/hostdev",
        "domain/devices/console[1]/alias",
        "domain/seclabel",
    ]
    assert "<!-- spaces stay -->" in found[0].text


def test_several_things_that_are_kept_share_one_element() -> None:
    """libvirt throws away all but the first of each namespace in its metadata."""
    spec = ContainerSpec("one", opaque=(Opaque("a.b", "a.b = 1"), Opaque("x/y", "<y/>")))
    assert write(spec).count(b"urn:cloche:kept") == 1
    assert again(spec).opaque == spec.opaque


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<domain type='kvm'><name>one</name></domain>", "domain-type"),
        ("<domain><name>one</name></domain>", "domain-type"),
        ("<network><name>one</name></network>", "foreign-root"),
    ],
)
def test_t24_another_kind_of_document_is_refused(text: str, code: str) -> None:
    report = Report(parse_tree(read_source(text.encode())))
    assert read(report) is None
    assert [problem.code for problem in report.problems()] == [code]


@pytest.mark.parametrize("inside", ["<name>two</name>", "<os/><os/>", "<memory>1024</memory>" * 2])
def test_t24_singletons_stand_once(inside: str) -> None:
    assert "duplicate" in codes(domain(inside))


@pytest.mark.parametrize(
    "text", ["8DFD44B31E7611D3A7B50123456789AB", "8dfd44b3-1e76-11d3-a7b5-0123456789ab"]
)
def test_t18_a_uuid_is_128_bits_and_written_with_dashes(text: str) -> None:
    found = domain(f"<uuid>{text}</uuid>")
    assert found.spec.uuid == "8dfd44b31e7611d3a7b50123456789ab"
    assert b"<uuid>8dfd44b3-1e76-11d3-a7b5-0123456789ab</uuid>" in write(found.spec)
    assert codes(found) == []


@pytest.mark.parametrize(
    "text", ["{8dfd44b31e7611d3a7b50123456789ab}", "8dfd44b31e7611d3a7b50123456789a"]
)
def test_t18_other_forms_of_a_uuid_are_refused(text: str) -> None:
    assert codes(domain(f"<uuid>{text}</uuid>")) == ["uuid"]


def test_t17_an_id_map_is_read_with_start_inside_and_target_on_the_host() -> None:
    uid = "<uid start='0' target='100000' count='10'/>"
    found = domain(f"<idmap>{uid}<gid start='0' target='1' count='5'/></idmap>").spec
    assert found.idmap == IdMap((IdRange(0, 100000, 10),), (IdRange(0, 1, 5),))
    assert uid.encode() in write(found)


def test_t13_no_interface_is_silence_and_privnet_says_that_there_is_none() -> None:
    assert domain(OS).spec.network_isolated is None
    assert domain(f"{OS}<features><privnet/></features>").spec.network_isolated is True
    silent = write(ContainerSpec("one"))
    assert b"<interface" not in silent
    assert b"<privnet" not in silent
    none = ContainerSpec("one", interfaces=(Interface(InterfaceKind.NONE),))
    assert again(none).network_isolated is True


def test_t20_the_live_id_is_not_kept() -> None:
    found = lxc(HEAD.replace("<domain", "<domain id='7'") + "</domain>")
    assert (found.spec.opaque, warnings(found)) == ((), [])


def test_t22_a_console_is_counted_and_its_path_never_kept() -> None:
    found = domain("<devices><console tty='/dev/pts/4'/><console type='null'/></devices>").spec
    assert found.consoles == 1
    assert b"/dev/pts" not in write(found)
    assert [entry.path for entry in found.opaque] == ["domain/devices/console"]


def test_t25_entities_cdata_and_space_around_numbers() -> None:
    found = domain(
        "<title> a &amp; b </title><memory> 65536 </memory>"
        "<os><type>exe</type><init><![CDATA[/bin/a<b]]></init></os>"
    )
    assert (found.spec.title, found.spec.memory.max_kib) == ("a & b", 65536)
    assert found.spec.program == ("/bin/a<b",)
    assert again(found.spec) == found.spec


def test_twins_of_memory_have_to_agree() -> None:
    hard = "<memtune><hard_limit unit='MiB'>64</hard_limit></memtune>"
    assert domain(f"<memory>65536</memory>{hard}").spec.memory.max_kib == 65536
    assert domain(hard).spec.memory.max_kib == 65536
    assert codes(domain(f"<memory>65537</memory>{hard}")) == ["contradiction"]


def test_another_memory_at_first_is_kept() -> None:
    same = domain("<memory>65536</memory><currentMemory unit='MiB'>64</currentMemory>").spec
    other = domain("<memory>65536</memory><currentMemory>1024</currentMemory>").spec
    assert same.opaque == ()
    assert [entry.path for entry in other.opaque] == ["domain/currentMemory"]
    assert again(other) == other


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a\x01b"},
        {"title": "two\nlines"},
        {"program": ("sh", "-c", "x")},
        {"environment": (("A B", "1"),)},
        {"user": "john.doe"},
        {"user": "john"},
        {"group": "staff"},
        {"arch": "sparky"},
        {"machine": "i586"},
        {"io_weight": 10},
        {"cpu": Cpu(cpuset="0-3")},
        {"cpu": Cpu(quota_us=5)},
        {"nameservers": ("1.1.1.1",)},
        {"hostname": "web"},
        {"profile": "basic"},
        {"autostart": True},
        {"on_crash": "fly"},
        {"capabilities": Capabilities(keep=("bpf", "chown", "x<y"))},
        {"filesystems": (Filesystem(FilesystemKind.TEMPLATE, "debian-5.0", "/"),)},
        {"filesystems": (Filesystem(FilesystemKind.RAM, "", "/scratch"),)},
        {"filesystems": (Filesystem(FilesystemKind.MOUNT, "rel", "/x", options=("nosuid",)),)},
        {"interfaces": (Interface(), Interface(InterfaceKind.HOST), Interface(InterfaceKind.NONE))},
        {"interfaces": (Interface(InterfaceKind.BRIDGE, "br ä"), Interface(InterfaceKind.MACVLAN))},
        {"interfaces": (Interface(InterfaceKind.ETHERNET, mac="x", addresses=("y",)),)},
        {"opaque": (Opaque("lxc.x", "lxc.x = \x02"),)},
    ],
    ids=str,
)
def test_what_libvirt_cannot_hold_never_makes_a_document_that_it_refuses(
    changes: dict[str, object],
) -> None:
    data = write(replace(ContainerSpec("one", program=("/bin/sh",)), **changes))  # type: ignore[arg-type]
    lxc(data)
    if "name" not in changes:
        assert is_valid(data)


def test_the_private_network_becomes_libvirts_default_one() -> None:
    spec = again(ContainerSpec("one", interfaces=(Interface(addresses=("10.0.0.2/24",)),)))
    wanted = Interface(InterfaceKind.NETWORK, "default", addresses=("10.0.0.2/24",))
    assert spec.interfaces == (wanted,)
