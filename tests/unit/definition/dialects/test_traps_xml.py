"""The traps of the text itself, T1 to T3 and T23 to T26, in `linuxcontainer`."""

from __future__ import annotations

import codecs

import pytest
from tests.unit.definition.dialects.parts import first
from tests.unit.definition.samples import EXAMPLES, RFC_LITERAL, codes, domain, warnings

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.create import new_definition, without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import (
    Memory,
)
from cloche_engine.definition.text.repair import DROP_END_TAG, OPEN_SELF_CLOSED, STRAY_NAME


def test_t1_the_rfcs_own_example_is_refused_at_its_mistake() -> None:
    problem = Document.parse(RFC_LITERAL).errors[0]
    assert (problem.line, problem.column, problem.code) == (19, 48, "not-well-formed")


def test_t2_the_two_ways_to_mend_the_closed_ip_mean_the_same_for_one() -> None:
    meant = [mend(RFC_LITERAL, [STRAY_NAME, way]).data for way in (OPEN_SELF_CLOSED, DROP_END_TAG)]
    nested, flat = (without_places(Document.parse(data).compiled()) for data in meant)
    assert nested == flat
    assert meant[0] != meant[1]


def test_t2_with_two_addresses_the_ways_are_told_apart() -> None:
    two = (
        "<domain type='linuxcontainer'><name>a</name><container><application>/a</application>"
        "<network><ip address='10.0.0.2' prefix='24'/><gateway address='10.0.0.1'/></ip>"
        "<ip address='10.1.0.2' prefix='24'/></network></container></domain>"
    )
    opened = Document.parse(mend(two.encode(), [OPEN_SELF_CLOSED]).data)
    dropped = Document.parse(mend(two.encode(), [DROP_END_TAG]).data)
    assert "<ip address='10.0.0.2' prefix='24'><gateway" in opened.text
    assert "<ip address='10.0.0.2' prefix='24'/><gateway" in dropped.text
    assert first(opened) == first(dropped)


def test_t3_nothing_is_mended_that_was_not_asked_for() -> None:
    assert mend(RFC_LITERAL, []).data == RFC_LITERAL
    assert Document.parse(RFC_LITERAL).tree is None


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE domain>",
        "<!DOCTYPE domain [<!ENTITY a 'b'>]>",
        "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>",
        "<?xml version='1.0'?><!-- x --><!DOCTYPE domain [<!ENTITY % p SYSTEM 'http://x/'>%p;]>",
    ],
)
def test_t23_a_doctype_is_refused_before_anything_is_read(head: str) -> None:
    text = head + "<domain type='linuxcontainer'><name>&a;</name></domain>"
    document = Document.parse(text.encode())
    assert codes(document) == ["doctype"]
    assert document.spec is None


def test_t23_a_doctype_is_told_where_it_begins() -> None:
    text = "<?xml version='1.0'?>\n <!DOCTYPE domain\n  [\n <!ENTITY a 'b'>]><domain/>"
    (problem,) = Document.parse(text.encode()).problems
    assert problem.place == (2, 2)


def test_t24_a_second_of_what_there_is_one_is_refused() -> None:
    for twice in ("<uuid>8dfd44b31e76d8d335150a2d98211ea0</uuid>", "<memory>65536</memory>"):
        assert codes(domain(rest=twice * 2)) == ["duplicate"]
    assert codes(domain(name="<name>a</name><name>b</name>")) == ["duplicate"]


@pytest.mark.parametrize("kind", ["kvm", "qemu", "xen", "openvz", "vserver", "lxc"])
def test_t24_another_kind_of_domain_is_refused_by_name(kind: str) -> None:
    document = Document.parse(f"<domain type='{kind}'><name>a</name></domain>".encode())
    assert codes(document) == ["domain-type"]
    assert f"'{kind}'" in document.errors[0].reason
    convertible = kind in {"openvz", "vserver", "lxc"}
    assert ("clochectl convert" in document.errors[0].hint) is convertible


def test_t25_space_around_values_is_no_part_of_them() -> None:
    document = domain(name="<name>\n  a\n</name>", rest="<memory> 65536\t</memory>")
    assert document.compiled().name == "a"
    assert document.compiled().memory == Memory(65536)
    assert codes(domain(name="<name>a\nb</name>")) == ["name"]


TEXT = (
    "<domain type='linuxcontainer'><name><![CDATA[a]]></name><title>&#252;&amp;ü</title>"
    "<container><application>/bin/<!-- x -->sh<?y z?></application></container></domain>"
)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        b"<?xml version='1.0' encoding='ISO-8859-1'?>" + TEXT.encode("latin-1"),
        ("<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n" + TEXT).encode(),
    ],
)
def test_t25_entities_cdata_marks_and_encodings_are_read_and_kept(data: bytes) -> None:
    document = Document.parse(data)
    spec = document.compiled()
    assert (spec.name, spec.title, spec.program) == ("a", "ü&ü", ("/bin/sh",))
    there = edit.set_directory(document, "/srv")
    assert edit.set_directory(there, None).data == data


def test_t26_the_shape_counts_more_than_the_type() -> None:
    text = (
        "<domain type='lxc'><name>a</name><container><application>/a</application></container>"
        "</domain>"
    )
    document = Document.parse(text.encode())
    assert (codes(document), warnings(document)) == ([], ["domain-type"])
    assert document.compiled().program == ("/a",)
    mended = mend(text.encode(), ["rename"]).data
    assert mended == text.replace("'lxc'", "'linuxcontainer'").encode()
    assert Document.parse(mended).problems == ()


def test_t26_what_is_written_anew_is_the_typed_form() -> None:
    for path in sorted(EXAMPLES.glob("*.xml")):
        spec = Document.parse(path.read_bytes()).compiled()
        assert b"<mount>" not in new_definition(spec)
