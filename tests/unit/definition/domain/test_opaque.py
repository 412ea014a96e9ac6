"""What is not understood is kept word for word, and put back where it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.definition.domain.parts import domain, written

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.opaque import is_home, read_opaque, with_opaque
from cloche_engine.definition.schema.domain import METADATA_RULES, SHARED_RULES
from cloche_engine.definition.schema.model import Attribute, ElementRule, Schema, Value
from cloche_engine.definition.spec import Opaque
from cloche_engine.definition.text.markup import Markup

SCHEMA = Schema(
    (
        ElementRule("domain", ("",), "", attributes=(Attribute("type", Value.FREE, ""),)),
        ElementRule("name", ("domain",), ""),
        *METADATA_RULES,
        *SHARED_RULES,
        ElementRule("clock", ("domain",), "", opaque=True),
        ElementRule("devices", ("domain",), ""),
        ElementRule(
            "disk",
            ("devices",),
            "",
            attributes=(Attribute("cache", Value.FREE, "", opaque=True),),
            repeats=True,
        ),
        ElementRule("tune", ("disk",), "", opaque=True),
    )
)
HOME = is_home(SCHEMA)
NAME = Markup("name", text="one")


def opaque(report: Report) -> tuple[Opaque, ...]:
    return read_opaque(report, SCHEMA)


def put_back(entries: tuple[Opaque, ...], *children: Markup) -> Report:
    markup = Markup("domain", (("type", "lxc"),), children=(NAME, *children))
    text = written([with_opaque(markup, entries, HOME)])
    return domain(text.partition("\n")[2].rpartition("\n")[0])


def test_elements_and_attributes_are_kept_word_for_word() -> None:
    report = domain(
        '<clock  offset = "utc"><!-- ä -->\n  <timer/></clock>'
        "<devices><disk cache='no &amp; yes'/><disk odd='1'><tune a='1'/><?pi x?></disk></devices>"
        "<unknown/>"
    )
    assert opaque(report) == (
        Opaque("domain/clock", '<clock  offset = "utc"><!-- ä -->\n  <timer/></clock>'),
        Opaque("domain/devices/disk[1]/@cache", "no & yes"),
        Opaque("domain/devices/disk[2]/@odd", "1"),
        Opaque("domain/devices/disk[2]/tune", "<tune a='1'/>"),
        Opaque("domain/unknown", "<unknown/>"),
    )


def test_all_of_it_is_put_back_and_read_again() -> None:
    entries = (
        Opaque("domain/clock", "<clock\n\n offset='utc'/>"),
        Opaque("domain/devices/disk[1]/@cache", "no & yes"),
        Opaque("domain/devices/disk[2]/tune", "<tune a='1'/>"),
        Opaque("domain/devices/disk[3]/tune", "<tune/>"),
        Opaque("domain/features/acpi", "<acpi/>"),
        Opaque("domain/elsewhere", "<elsewhere/>"),
        Opaque("lxc.hook.start", "lxc.hook.start = /bin/a <b> & c"),
        Opaque("domain/clock/@x", "<not><closed"),
    )
    report = put_back(entries, Markup("devices", children=(Markup("disk"), Markup("disk"))))
    assert sorted(opaque(report), key=str) == sorted(entries, key=str)
    devices = report.tree.root.first("devices")
    assert devices is not None
    assert devices.children[0].attributes == {"cache": "no & yes"}
    assert devices.children[1].first("tune") is not None
    assert report.tree.root.first("features") is not None


def test_prefixes_of_further_out_are_declared() -> None:
    head = "<domain type='lxc' xmlns:a='urn:a' xmlns:b='urn:&quot;b&apos;' xmlns:c='urn:c'>"
    report = domain("<a:x><c:y xmlns:c='urn:d' b:z='1'/><c:y/></a:x>", head)
    (entry,) = opaque(report)
    assert entry.path == "domain/x"
    assert entry.text.startswith("<a:x xmlns:a='urn:a' xmlns:b='urn:\"b&apos;' xmlns:c='urn:c'>")
    assert opaque(put_back((entry,))) == (entry,)


@pytest.mark.parametrize(
    "metadata",
    [
        "<metadata><q:a xmlns:q='urn:q'>  <b/></q:a></metadata>",
        "<metadata>\n    text\n  </metadata >",
        "<metadata x='1'/>",
        "<metadata   x='1'></metadata>",
        "<metadata><!-- only this -->   </metadata>",
    ],
)
def test_metadata_stays_byte_for_byte_beside_what_is_kept_in_it(metadata: str) -> None:
    entries = (Opaque("domain/metadata", metadata), Opaque("x.y", "x.y = 1"), Opaque("d/e", "<e/>"))
    for some in (entries, entries[:1]):
        assert opaque(put_back(some)) in {some, self_closed(some)}


def self_closed(entries: tuple[Opaque, ...]) -> tuple[Opaque, ...]:
    return (Opaque("domain/metadata", "<metadata x='1'>\n  </metadata>"), *entries[1:])


def test_empty_metadata_says_nothing() -> None:
    assert opaque(domain("<metadata/>")) == opaque(domain("<metadata>\n </metadata>")) == ()


@pytest.mark.parametrize(
    "entry",
    [
        Opaque("domain/clock", "<clock/><evil/>"),
        Opaque("domain/clock", "<evil/>"),
        Opaque("domain/clock", "<clock>"),
        Opaque("domain/clock", "<!DOCTYPE clock><clock/>"),
        Opaque("domain/name", "<name>two</name>"),
        Opaque("domain/devices/disk[7]/tune", "<tune/>"),
        Opaque("domain/devices/disk[x]/tune", "<tune/>"),
        Opaque("domain/idmap", "<idmap/>"),
        Opaque("", ""),
        Opaque("/@", "' <"),
    ],
)
def test_what_does_not_fit_its_place_goes_into_metadata(entry: Opaque) -> None:
    report = put_back((entry,), Markup("devices", children=(Markup("disk"),)))
    assert opaque(report) == (entry,)
    assert [child.name for child in report.tree.root.children] == ["name", "devices", "metadata"]


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_that_is_kept_can_break_a_document(path: str, text: str) -> None:
    put_back(
        (Opaque(path, text), Opaque("domain/clock", text), Opaque(f"domain/devices/{path}", text))
    )
