"""What a container shares with others, and what it then cannot have of its own."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.edit import set_title
from cloche_engine.definition.planning.differences import differences
from cloche_engine.definition.problem import Severity
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec, SharedNamespace

URI = "http://libvirt.org/schemas/domain/lxc/1.0"
IP = "<network hostname='own'><ip address='10.0.0.2' prefix='24'/></network>"


def ours(shared: str, inside: str = "") -> bytes:
    space = f"<l:namespace xmlns:l='{URI}'>{shared}</l:namespace>"
    container = f"<container>{PROGRAM}{inside}</container>"
    return f"<domain type='linuxcontainer'><name>one</name>{container}{space}</domain>".encode()


def libvirt(shared: str) -> bytes:
    return LIBVIRT.format(f"<l:namespace xmlns:l='{URI}'>{shared}</l:namespace>").encode()


@pytest.mark.parametrize(
    ("shared", "codes"),
    [
        ("<l:sharenet type='netns' value='red'/>", ["contradiction"]),
        ("<l:shareuts type='name' value='web'/>", ["no-effect"]),
        ("<l:shareipc type='name' value='web'/>", []),
        ("<l:shareipc type='name' value='one'/>", ["contradiction"]),
    ],
)
def test_what_cannot_be_beside_it_is_told(shared: str, codes: list[str]) -> None:
    assert [problem.code for problem in read(ours(shared, IP)).problems] == codes


BELONGS = "it belongs in <lxc:namespace>"
LIBVIRT = "<domain type='lxc'><name>one</name><os><type>exe</type><init>/a</init></os>{}</domain>"


def mended(text: bytes) -> bytes:
    return mend(text, ["did-you-mean"]).data


@pytest.mark.parametrize(
    ("shared", "code", "hint"),
    [
        ("<l:shareipc type='netns' value='red'/>", "type", "possible: name, pid"),
        ("<l:sharenet type='ns' value='red'/>", "type", "possible: netns, name, pid"),
        ("<l:sharenet type='netns'/>", "missing", "write <l:sharenet value='...'>"),
        ("<l:sharenet value='red'/>", "missing", "write <l:sharenet type='...'>"),
        ("<l:sharenet type='name' value=''/>", "name", "web is one"),
        (
            "<l:shareuts type='name' value='b'/>\n<l:shareuts type='name' value='b'/>",
            "duplicate",
            "keep the one that is meant",
        ),
    ],
)
@pytest.mark.parametrize("dialect", ["linuxcontainer", "lxc"])
def test_what_cannot_be_shared_is_an_error_at_its_place(
    shared: str, code: str, hint: str, dialect: str
) -> None:
    text = ours(shared) if dialect == "linuxcontainer" else libvirt(shared)
    (problem,) = [each for each in read(text).problems if each.severity is Severity.ERROR]
    assert (problem.code, problem.hint) == (code, hint)
    assert problem.line == shared.count("\n") + 1


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("<l:sharnet type='netns' value='a'/>", "<l:sharenet type='netns' value='a'/>"),
        ("<sharenet type='netns' value='a'/>", "<l:sharenet type='netns' value='a'/>"),
        ("<l:shareuts typ='name' value='a'/>", "<l:shareuts type='name' value='a'/>"),
        ("<l:sharexipc type='pid' value='9'></l:sharexipc>",
         "<l:shareipc type='pid' value='9'></l:shareipc>"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dialect", ["linuxcontainer", "lxc"])
def test_a_misspelt_name_is_mended_in_the_prefix_of_the_document(
    wrong: str, right: str, dialect: str
) -> None:
    make = ours if dialect == "linuxcontainer" else libvirt
    assert mended(make(wrong)) == make(right)


def test_an_element_without_its_namespace_gets_it_with_a_declaration() -> None:
    bare = libvirt("").replace(f"l:namespace xmlns:l='{URI}'".encode(), b"namespace")
    (problem,) = read(bare.replace(b"l:namespace", b"namespace")).problems
    assert problem.code == "unknown-element"
    assert problem.hint == f"did you mean <lxc:namespace xmlns:lxc='{URI}'>?"
    assert "root-equivalent" in problem.reason
    fixed = mended(bare.replace(b"l:namespace", b"namespace"))
    assert fixed == libvirt("").replace(b"l:namespace", b"lxc:namespace").replace(
        b"xmlns:l=", b"xmlns:lxc="
    )
    assert read(fixed).problems == ()


def test_what_stands_in_the_wrong_place_is_told_where_it_belongs() -> None:
    inside = f"<l:sharenet xmlns:l='{URI}' type='name' value='b'/>"
    found = read(ours("", inside)).problems
    assert [(each.code, each.hint) for each in found] == [("unknown-element", BELONGS)]
    assert found[0].reason.endswith("it counts as root-equivalent")


def test_an_edit_leaves_what_is_shared_as_it_was_written() -> None:
    text = ours(" <l:sharenet\tvalue = \"web\" type='name'></l:sharenet > <!-- why -->")
    document = Document.parse(text)
    edited = set_title(document, "Shop")
    assert edited.data == text.replace(b"</name>", b"</name><title>Shop</title>")
    assert set_title(edited, None).data == text


def test_elements_of_others_beside_it_stay_their_business() -> None:
    assert read(ours("<x:note xmlns:x='urn:x'/>")).problems == ()


def test_a_network_of_anothers_is_not_the_hosts() -> None:
    spec = read(ours("<l:sharenet type='netns' value='red'/>")).spec
    assert spec is not None
    assert spec.shared_network == SharedNamespace("net", "netns", "red")
    assert not spec.shares_host_network


def test_a_plan_says_what_is_shared() -> None:
    shared = (SharedNamespace("net", "name", "web"),)
    (found,) = differences(ContainerSpec("one"), ContainerSpec("one", namespaces=shared))
    assert found.sentence == "Namespaces shared with others: net of name web."
    assert not found.live
