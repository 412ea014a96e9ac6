"""A new definition: canonical, indented, and meaning exactly what was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.unit.definition.samples import EXAMPLES
from tests.unit.definition.writing import specs

from cloche_engine.definition.create import new_definition, without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
    Route,
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
        Interface(addresses=("10.7.0.2/24",), gateway="10.7.0.1"),
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


@settings(deadline=None)
@given(specs)
def test_what_is_written_reads_back_the_same(spec: ContainerSpec) -> None:
    assert read(spec) == spec


def test_a_definition_with_everything_reads_back_the_same() -> None:
    assert read(FULL) == FULL
    assert Document.parse(new_definition(FULL)).errors == ()


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
