"""Kinds of document, unknown parts, doubled parts, and where problems are placed."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM, codes, domain

from cloche_engine.definition.document import Document


def mount(source: str, target: str, kind: str = "type='mount'") -> str:
    return f"<filesystem {kind}><source dir='{source}'/><target dir='{target}'/></filesystem>"


@pytest.mark.parametrize("kind", ["qemu", "kvm", "lxc", "openvz", ""])
def test_other_kinds_of_domain_are_refused_by_their_name(kind: str) -> None:
    (problem,) = Document.parse(f"<domain type='{kind}'><name>a</name></domain>".encode()).errors
    assert problem.code == "domain-type"
    assert f"'{kind}'" in problem.reason


def test_a_domain_without_type_and_another_root_are_refused() -> None:
    assert codes(Document.parse(b"<domain/>")) == ["domain-type"]
    assert codes(Document.parse(b"<network/>")) == ["foreign-root"]
    assert codes(Document.parse(b"<domain xmlns='urn:x' type='linuxcontainer'/>")) == [
        "foreign-root"
    ]


def test_a_singleton_twice_is_refused_at_the_second() -> None:
    document = domain(rest="<uuid>x</uuid>\n<memory>65536</memory>\n<memory>65537</memory>")
    (problem,) = [p for p in document.errors if p.code == "duplicate"]
    assert (problem.line, problem.column) == (6, 1)
    assert "line 5" in problem.reason


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE domain>",
        "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE d [<!ENTITY a 'x'>]>",
        "<!DOCTYPE d [<!ENTITY % p SYSTEM 'http://127.0.0.1/'> %p;]>",
    ],
)
def test_a_doctype_is_refused_before_anything_is_read(text: str) -> None:
    document = Document.parse(text.encode() + domain().data)
    assert codes(document) == ["doctype"]
    assert document.spec is None


def test_an_unknown_entity_is_refused() -> None:
    document = domain(name="<name>&other;</name>")
    assert codes(document)[0] == "not-well-formed"
    assert document.spec is None
    assert "&amp;" in document.errors[0].hint


def test_unknown_elements_and_attributes_warn_with_the_nearest_name() -> None:
    document = domain(f"{PROGRAM}<enw name='A'/><network hostnam='x'/>", "<memori>1</memori>")
    found = {problem.code: problem for problem in document.problems}
    hints = [problem.hint for problem in document.problems]
    assert set(found) == {"unknown-element", "unknown-attribute"}
    assert hints == ["did you mean <env>?", "did you mean hostname?", "did you mean <memory>?"]
    assert document.errors == ()


def test_a_known_element_in_the_wrong_place_is_told_where_it_belongs() -> None:
    document = domain(f"{PROGRAM}<title>A</title>")
    assert [problem.hint for problem in document.problems] == ["it belongs in <domain>"]


def test_other_peoples_namespaces_and_metadata_are_not_our_business() -> None:
    document = domain(
        rest="<metadata><x y='1'>z</x></metadata><q:a xmlns:q='urn:q' b='c'/>"
        "<z xmlns='urn:z'><y/></z>"
    )
    assert document.problems == ()


def test_all_problems_are_found_in_one_pass_in_order_of_place() -> None:
    document = domain(
        f"{mount('x', '/y')}\n<application>a/b</application>",
        "<memory>1</memory>",
        "<name>-</name>",
    )
    assert codes(document) == ["name", "path", "application", "memory"]
    places = [(problem.line, problem.column) for problem in document.problems]
    assert places == sorted(places)


def test_columns_count_characters_not_bytes() -> None:
    document = domain(rest="<!-- äöü€𝄞 --><memory>1</memory>")
    assert (document.errors[0].line, document.errors[0].column) == (4, 23)


def test_forms_can_show_what_is_readable_beside_the_errors() -> None:
    document = domain(rest="<memory>1</memory><cpushare>40</cpushare>", name="<name>a b</name>")
    assert document.spec is not None
    assert (document.spec.name, document.spec.cpu.shares) == ("a b", 40)


def test_a_misspelt_element_in_the_wrong_place_is_named_with_its_own() -> None:
    (problem,) = domain("<application>/bin/sh</application><initt>/bin/sh</initt>").problems
    assert problem.hint == "did you mean <init>? It belongs in <os>"
