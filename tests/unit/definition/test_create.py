"""A new definition: canonical, indented, and meaning exactly what was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.definition.samples import EXAMPLES
from tests.unit.definition.writing import specs

from cloche_engine.definition.create import new_definition, without_places
from cloche_engine.definition.dialects.linuxcontainer import write, write_v1
from cloche_engine.definition.document import Document
from cloche_engine.definition.schema.domain import CAPABILITIES, CRASH_ACTIONS, END_ACTIONS
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
    Rlimit,
    Route,
    SharedNamespace,
)

FULL = ContainerSpec(
    name="full",
    uuid="0123456789abcdef0123456789abcdef",
    title="A & B",
    description="first line\n  second <line>",
    hostname="full",
    filesystems=(
        Filesystem(FilesystemKind.TEMPLATE, "debian-12", "/"),
        Filesystem(FilesystemKind.RAM, "", "/run", size_kib=1024),
        Filesystem(FilesystemKind.BLOCK, "/dev/sdb1", "/data", readonly=True),
        Filesystem(FilesystemKind.FILE, "/srv/image", "/image"),
        Filesystem(FilesystemKind.BIND, "/data/x", "/x"),
    ),
    interfaces=(
        Interface(
            InterfaceKind.BRIDGE,
            source="br0",
            mac="52:54:00:12:34:56",
            name="eth0",
            addresses=("10.0.0.2/24", "fd00::2/64"),
            gateway="10.0.0.1",
            gateway6="fd00::1",
        ),
        Interface(addresses=("10.7.0.2/24",)),
    ),
    nameservers=("9.9.9.9", "fd00::53"),
    program=("/bin/sh", "-c", "echo 'a' \"b\"\n"),
    environment=(("LANG", "C.UTF-8"), ("EMPTY", "")),
    directory="/srv",
    user="web",
    group="www",
    cpu=Cpu(shares=512),
    memory=Memory(max_kib=65536),
    consoles=2,
)


def read(spec: ContainerSpec) -> ContainerSpec | None:
    found = Document.parse(new_definition(spec)).spec
    return found and without_places(found)


@settings(max_examples=50, deadline=None)
@given(specs)
def test_what_is_written_reads_back_the_same(spec: ContainerSpec) -> None:
    assert read(spec) == spec


def test_a_definition_with_everything_reads_back_the_same() -> None:
    assert read(FULL) == FULL
    assert Document.parse(new_definition(FULL)).errors == ()


IDS = st.integers(1, 65536).map(lambda count: (IdRange(0, 100000, count),))
MASKS = st.lists(st.sampled_from(CAPABILITIES), unique=True, max_size=4).map(tuple)
SIZES = st.none() | st.integers(512, 2**40)

wholes = st.builds(
    replace,
    specs,
    group=st.none() | st.sampled_from(["www", "0"]),
    cpu=st.builds(
        Cpu,
        shares=st.none() | st.integers(2, 262144),
        quota_us=st.none() | st.integers(1000, 10**9),
        period_us=st.none() | st.integers(1000, 10**6),
        cpuset=st.none() | st.sampled_from(["0", "0-3,8"]),
        mems=st.none() | st.just("0-1"),
        count=st.none() | st.integers(1, 64),
    ),
    memory=st.builds(Memory, SIZES)
    | st.builds(Memory, guarantee_kib=SIZES)
    | st.builds(Memory, st.none(), SIZES, SIZES),
    io_weight=st.none() | st.integers(10, 1000),
    idmap=st.none() | st.builds(IdMap, IDS, IDS),
    capabilities=st.none() | st.builds(Capabilities, st.sampled_from(CapabilityPolicy), MASKS),
    network_isolated=st.none() | st.booleans(),
    namespaces=st.sampled_from([(), (SharedNamespace("ipc", "name", "of another"),)]),
    on_poweroff=st.none() | st.sampled_from(END_ACTIONS),
    on_reboot=st.none() | st.sampled_from(END_ACTIONS),
    on_crash=st.none() | st.sampled_from(CRASH_ACTIONS),
    autostart=st.none() | st.booleans(),
    arch=st.none() | st.sampled_from(["x86_64", "i686"]),
    machine=st.none() | st.just("m"),
    profile=st.none() | st.just("basic"),
    stop_signal=st.none() | st.just("SIGUSR1"),
    stop_grace=st.none() | st.integers(0, 86_400),
    system=st.none() | st.booleans(),
    privileged=st.none() | st.booleans(),
    processes=st.none() | st.integers(1, 4194304),
    io_devices=st.sampled_from([(), (IoDevice("/dev/sda", 500, read_iops_sec=30),)]),
    rlimits=st.sampled_from([(), (Rlimit("nofile", 1024, None),)]),
    opaque=st.lists(
        st.sampled_from(
            [
                Opaque("domain/clock", "<clock offset='utc'/>"),
                Opaque("domain/metadata", "<metadata>\n <a xmlns='urn:a'/></metadata>"),
                Opaque("domain/devices/hostdev", "<hostdev  mode='x'><a>&lt;</a></hostdev>"),
                Opaque("lxc.hook.start", "lxc.hook.start = /a <b"),
            ]
        ),
        unique=True,
    ).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(wholes)
def test_everything_that_there_is_to_say_can_be_written(spec: ContainerSpec) -> None:
    found = read(spec)
    assert found is not None
    assert sorted(found.opaque, key=repr) == sorted(spec.opaque, key=repr)
    assert replace(found, opaque=()) == replace(spec, opaque=())
    assert Document.parse(new_definition(spec)).problems == ()


@settings(max_examples=50, deadline=None)
@given(wholes)
def test_what_is_written_the_second_time_is_what_was_written_the_first(
    spec: ContainerSpec,
) -> None:
    once = new_definition(spec)
    read_back = Document.parse(once).compiled()
    assert new_definition(read_back) == once


@settings(max_examples=50, deadline=None)
@given(wholes)
def test_the_first_revision_keeps_what_it_has_a_place_for(spec: ContainerSpec) -> None:
    document = Document.parse(write_v1.write(spec))
    assert document.errors == ()
    found = without_places(document.compiled())
    assert (found.name, found.uuid, found.hostname) == (spec.name, spec.uuid, spec.hostname)
    assert found.program == spec.program[:1]
    assert found.nameservers == spec.nameservers
    assert (found.cpu.shares, found.memory.max_kib) == (spec.cpu.shares, spec.memory.max_kib)
    assert [e.addresses for e in found.interfaces] == [e.addresses for e in spec.interfaces]
    pairs = [(entry.source, entry.target) for entry in spec.filesystems]
    assert [(entry.source, entry.target) for entry in found.filesystems] == pairs


def test_writing_leaves_out_what_no_document_can_carry() -> None:
    spec = replace(FULL, title="a\x07", interfaces=(Interface(addresses=("x", "10.0.0.2/24")),))
    for writer in (write.write, write_v1.write):
        found = Document.parse(writer(spec)).compiled()
        assert found.title is None
        assert found.interfaces[0].addresses == ("10.0.0.2/24",)


def test_name_and_program_are_enough() -> None:
    assert new_definition(ContainerSpec("one", program=("/bin/sh",))).decode() == (
        "<domain type='linuxcontainer'>\n"
        "  <name>one</name>\n"
        "  <container>\n"
        "    <application>/bin/sh</application>\n"
        "  </container>\n"
        "</domain>\n"
    )


@pytest.mark.parametrize(
    "interface",
    [
        Interface(),
        Interface(InterfaceKind.HOST),
        Interface(InterfaceKind.NONE),
        Interface(InterfaceKind.MACVLAN, source="eth0", mode="private", name="eth7"),
        Interface(InterfaceKind.PHYSICAL, source="eth1"),
        Interface(InterfaceKind.NETWORK, source="default"),
        Interface(InterfaceKind.ETHERNET, host_name="veth7", up=False),
        Interface(addresses=("10.0.0.2/24",), mac="52:54:00:12:34:56"),
        Interface(addresses=("10.0.0.2/24",), routes=(Route("10.9.0.0/16", "10.0.0.9", 7),)),
        Interface(InterfaceKind.BRIDGE, source="br0"),
        Interface(InterfaceKind.BRIDGE, source="br0", gateway="10.0.0.1"),
        Interface(addresses=("10.0.0.2/24",), gateway="192.168.0.1"),
    ],
)
def test_interfaces_that_are_not_right_yet_are_written_as_asked(interface: Interface) -> None:
    spec = ContainerSpec("one", program=("/a",), interfaces=(interface,), nameservers=("1.1.1.1",))
    assert read(spec) == spec


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"consoles": 0}, "no place for this consoles"),
        ({"interfaces": (Interface(addresses=("nonsense",)),)}, "does not appear to be"),
        ({"uuid": "123"}, "is no uuid"),
        ({"title": "a\x07"}, "cannot stand in an XML document"),
    ],
)
def test_what_has_no_place_is_refused_not_lost(change: dict[str, object], message: str) -> None:
    spec = replace(ContainerSpec("one", program=("/a",)), **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        new_definition(spec)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.xml")), ids=lambda path: path.name)
def test_every_example_is_sound_and_can_be_written_anew(path: object) -> None:
    document = Document.parse((EXAMPLES / str(path)).read_bytes())
    assert document.problems == ()
    assert read(document.compiled()) == without_places(document.compiled())
