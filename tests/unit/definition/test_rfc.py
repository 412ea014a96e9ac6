"""The RFC's own example, letter by letter: refused with its place, and mended in both ways."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import RFC_LITERAL, example

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.create import without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
)
from cloche_engine.definition.text.repair import DROP_END_TAG, OPEN_SELF_CLOSED, STRAY_NAME

MEANING = ContainerSpec(
    name="Container123",
    uuid="8dfd44b31e76d8d335150a2d98211ea0",
    hostname="browndog",
    filesystems=(
        Filesystem(FilesystemKind.MOUNT, "/home/user/lxc_files/etc/", "/etc"),
        Filesystem(FilesystemKind.MOUNT, "/home/user/lxc_files/var/", "/var"),
    ),
    interfaces=(
        Interface(InterfaceKind.NAT, addresses=("192.168.1.110/24",), gateway="192.168.1.1"),
    ),
    nameservers=("192.168.1.1",),
    program=("/usr/sbin/container_init",),
    cpu=Cpu(shares=40),
    memory=Memory(max_kib=65536),
    consoles=1,
    console_ttys=("/dev/pts/4",),
)


WAYS = [OPEN_SELF_CLOSED, DROP_END_TAG]


def _mended(*names: str) -> bytes:
    return mend(RFC_LITERAL, names).data


def _fixes(data: bytes) -> list[str]:
    return [fix.name for problem in Document.parse(data).problems for fix in problem.fixes]


def test_the_literal_text_is_refused_with_file_line_and_column() -> None:
    problem, second = Document.parse(RFC_LITERAL).problems
    assert (second.line, second.column) == (20, 11)
    line = problem.render("rfc.xml")
    assert line.startswith("rfc.xml:19:48: error: not-well-formed: <nameserver ...> ends in ")
    assert line.endswith("; write '/>' in place of '/nameserver>'")


def test_the_literal_text_has_no_meaning() -> None:
    document = Document.parse(RFC_LITERAL)
    assert document.tree is None
    assert document.spec is None
    with pytest.raises(DefinitionError, match="line 19, column 48") as caught:
        document.compiled()
    assert caught.value.problems == document.problems


def test_the_hint_for_the_first_mistake_is_right() -> None:
    assert _mended(STRAY_NAME) == RFC_LITERAL.replace(b'"/nameserver>', b'"/>')


def test_after_the_first_mistake_the_second_is_told_with_both_ways_out() -> None:
    (problem,) = Document.parse(_mended(STRAY_NAME)).problems
    assert (problem.line, problem.column) == (20, 11)
    assert "line 17" in problem.reason
    assert "end line 17 with '>'" in problem.hint
    assert "drop the </ip> in line 20" in problem.hint


def test_each_way_changes_only_its_own_line() -> None:
    first = _mended(STRAY_NAME)
    assert _mended(STRAY_NAME, OPEN_SELF_CLOSED) == first.replace(b'255.0"/>', b'255.0">')
    assert _mended(STRAY_NAME, DROP_END_TAG) == first.replace(b"          </ip>\n", b"")


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_mean_the_same(way: str) -> None:
    document = Document.parse(_mended(STRAY_NAME, way))
    assert document.problems == ()
    assert without_places(document.compiled()) == MEANING


@pytest.mark.parametrize("name", ["rfc-2008-nested.xml", "rfc-2008-flat.xml"])
def test_the_examples_of_it_mean_the_same(name: str) -> None:
    assert without_places(example(name).compiled()) == MEANING


def test_the_first_revision_has_only_the_second_mistake() -> None:
    data = b"<domain><ip a='1'/>\n<nameserver>x</nameserver></ip></domain>"
    assert _fixes(data) == WAYS
    for way in WAYS:
        assert Document.parse(mend(data, [way]).data).tree is not None


def test_with_another_open_element_of_that_name_nothing_is_guessed() -> None:
    assert _fixes(b"<ip><b><ip/></ip></b></ip>") == []


@pytest.mark.parametrize("data", [b"<domain/>", b"", b"\xff\xff"])
def test_what_has_neither_mistake_stays_as_it_is(data: bytes) -> None:
    assert mend(data, [STRAY_NAME, OPEN_SELF_CLOSED, DROP_END_TAG]).data == data
