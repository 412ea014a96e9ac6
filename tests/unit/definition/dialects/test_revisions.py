"""The RFC's revisions and the driver of March 2008: read as they were meant, edited in form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.definition.dialects.reading import sample
from tests.unit.definition.test_bytes import Edit

from cloche_engine.definition.create import new_definition, without_places
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    Memory,
)

FIRST, TYPED = "linuxcontainer/2007-12-first.xml", "linuxcontainer/2008-01-typed.xml"
THIRD, DRIVER = "linuxcontainer/2008-01-third.xml", "linuxcontainer/2008-03-driver.xml"
MEANING = ContainerSpec(
    name="Container123",
    uuid="8dfd44b31e76d8d335150a2d98211ea0",
    hostname="browndog",
    filesystems=(
        Filesystem(FilesystemKind.MOUNT, "/home/user/lxc_files/etc/", "/etc"),
        Filesystem(FilesystemKind.MOUNT, "/home/user/lxc_files/var/", "/var"),
    ),
    interfaces=(Interface(addresses=("192.168.1.110/24",), gateway="192.168.1.1"),),
    nameservers=("192.168.1.1",),
    program=("dbserver",),
    cpu=Cpu(shares=40),
    memory=Memory(max_kib=65536),
    consoles=1,
    console_ttys=("/dev/pts/4",),
)


def document(name: str) -> Document:
    return Document.parse(sample(name))


def meaning(found: Document) -> ContainerSpec:
    return without_places(found.compiled())


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        (FIRST, {}),
        (TYPED, {}),
        (THIRD, {"cpu": Cpu(), "memory": Memory()}),
        (DRIVER, {"cpu": Cpu(), "hostname": None, "interfaces": (), "nameservers": ()}),
    ],
)
def test_every_revision_is_read_without_a_word(name: str, lacks: dict[str, object]) -> None:
    found = document(name)
    assert found.problems == ()
    assert meaning(found) == replace(MEANING, **lacks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        (FIRST, Dialect.LINUXCONTAINER_V1),
        (TYPED, Dialect.LINUXCONTAINER),
        (THIRD, Dialect.LINUXCONTAINER),
        (DRIVER, Dialect.LINUXCONTAINER),
    ],
)
def test_revisions_are_known_by_their_shape(name: str, dialect: Dialect) -> None:
    reading = read(sample(name))
    assert (reading.dialect, reading.errors) == (dialect, ())


OTHER = ContainerSpec(
    name="other",
    uuid="0" * 32,
    hostname="cat",
    filesystems=(
        Filesystem(FilesystemKind.MOUNT, "/srv/opt", "/opt"),
        Filesystem(FilesystemKind.MOUNT, "/home/user/lxc_files/etc/", "/etc", readonly=True),
    ),
    interfaces=(Interface(addresses=("10.0.0.2/16",), gateway="10.0.0.1"),),
    nameservers=("9.9.9.9", "1.1.1.1"),
    program=("/bin/sh", "-c", "true"),
    environment=(("A", "b"),),
    directory="/srv",
    user="web",
    group="www",
    cpu=Cpu(shares=77),
    memory=Memory(max_kib=131072),
    consoles=1,
    console_ttys=("/dev/pts/4",),
)


@pytest.mark.parametrize("name", [FIRST, TYPED, THIRD, DRIVER])
def test_every_field_can_be_edited_in_every_revision(name: str) -> None:
    found = document(name)
    changes: tuple[tuple[Edit, Any], ...] = (
        (edit.set_name, OTHER.name),
        (edit.set_uuid, OTHER.uuid),
        (edit.set_hostname, OTHER.hostname),
        (edit.set_filesystems, OTHER.filesystems),
        (edit.set_interfaces, OTHER.interfaces),
        (edit.set_nameservers, OTHER.nameservers),
        (edit.set_program, OTHER.program),
        (edit.set_environment, OTHER.environment),
        (edit.set_directory, OTHER.directory),
        (edit.set_user, "web:www"),
        (edit.set_cpushare, 77),
        (edit.set_memory_kib, 131072),
    )
    for change, value in changes:
        found = change(found, value)
        assert change(found, value) is found
    assert found.problems == ()
    assert meaning(found) == OTHER


def test_edits_of_the_first_revision_stay_in_its_form() -> None:
    before = document(FIRST)
    etc, var = meaning(before).filesystems
    changed = edit.set_filesystems(before, (etc, replace(var, source="/srv/var")))
    assert changed.text == before.text.replace("/home/user/lxc_files/var/", "/srv/var").replace(
        "/var/ =", "/var ="
    )
    added = edit.set_filesystems(
        before, (etc, Filesystem(FilesystemKind.MOUNT, "/srv/opt", "/opt"), var)
    )
    line = "            <mount>/opt = /srv/opt</mount>\n"
    assert added.text.replace(line, "") == before.text
    limited = edit.set_cpushare(edit.set_memory_kib(before, 131072), 41)
    assert limited.text == before.text.replace("65536", "131072").replace("40", "41")


def test_edits_of_the_drivers_documents_stay_in_their_form() -> None:
    before = document(DRIVER)
    changed = edit.set_program(before, ("/sbin/init", "-v"))
    assert changed.text == before.text.replace(
        "<init>dbserver</init>", "<init>/sbin/init</init>\n    <initarg>-v</initarg>"
    )
    etc, var = meaning(before).filesystems
    without = edit.set_filesystems(before, (etc,))
    assert edit.set_filesystems(without, (etc, var)).errors == ()
    mount = before.text.index("    <filesystem", before.text.index("/etc/'/>\n    </filesystem>"))
    assert without.text == before.text[:mount] + before.text[before.text.index("    <console") :]


def test_a_text_of_several_mounts_gives_each_its_line_when_it_is_edited() -> None:
    before = Document.parse(
        b"<domain type='linuxcontainer'>\n <name>a</name>\n <container>\n  <filesystem>\n"
        b"   /etc = /srv/etc\n   /var = /srv/var\n  </filesystem>\n"
        b"  <application>/a</application>\n </container>\n</domain>\n"
    )
    assert [fs.target for fs in meaning(before).filesystems] == ["/etc", "/var"]
    after = edit.set_filesystems(before, meaning(before).filesystems[1:])
    assert "   <mount>/var = /srv/var</mount>\n" in after.text
    assert edit.set_filesystems(before, meaning(before).filesystems) is before


def test_what_is_not_understood_warns_stays_and_says_when_it_would_be_root() -> None:
    inside = (
        "<container><application>/a</application><colour>red</colour></container>"
        "<devices><hostdev mode='subsystem'/></devices><x:note xmlns:x='urn:x'/>"
    )
    text = f"<domain type='linuxcontainer'><name>a</name>{inside}</domain>"
    found = Document.parse(text.encode())
    assert [problem.code for problem in found.problems] == ["unknown-element"] * 2
    assert "root-equivalent" in found.problems[1].reason
    assert "root-equivalent" not in found.problems[0].reason
    spec = found.compiled()
    assert [entry.path for entry in spec.opaque] == [
        "domain/container/colour",
        "domain/devices/hostdev",
        "domain/note",
    ]
    again = Document.parse(new_definition(spec)).compiled()
    assert sorted(again.opaque, key=repr) == sorted(spec.opaque, key=repr)
