"""The RELAX NG grammar that other editors use says the same as our own validation."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from tests.unit.definition.samples import EXAMPLES, domain, example

from cloche_engine.definition.document import Document
from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.schema.relaxng import relax_ng

FILE = Path(__file__).parents[3] / "resources" / "schema" / "linuxcontainer.rng"
GRAMMAR = etree.RelaxNG(etree.fromstring(relax_ng(SCHEMA).encode()))


def is_valid(document: Document) -> bool:
    return bool(GRAMMAR.validate(etree.fromstring(document.data)))


def test_the_delivered_file_is_the_schema() -> None:
    assert FILE.read_text() == relax_ng(SCHEMA), "write it anew: python -m tests.write_schema"


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.xml")))
def test_every_example_is_valid(name: str) -> None:
    assert not example(name).errors
    assert is_valid(example(name))


@pytest.mark.parametrize(
    ("container", "rest"),
    [
        ("<application/>", "<cpushare>1</cpushare>"),
        ("<application>/bin/sh</application>", "<cpushare>many</cpushare>"),
        ("<application>/bin/sh</application>", "<cpushare>300000</cpushare>"),
        ("<application>/bin/sh</application>", "<uuid>12</uuid>"),
        ("<application>/bin/sh</application><interface type='tram'/>", ""),
        ("<application>/bin/sh</application><interface/>", ""),
    ],
)
def test_what_we_refuse_by_shape_is_refused(container: str, rest: str) -> None:
    document = domain(container, rest)
    assert document.errors
    assert not is_valid(document)


def test_an_unknown_element_is_pointed_at_but_a_foreign_one_may_stand_anywhere() -> None:
    unknown = domain(rest="<cpusharee>40</cpusharee>")
    assert not unknown.errors
    assert not is_valid(unknown)
    foreign = "<x:note xmlns:x='urn:x' x:y='1'><any>thing</any> goes</x:note>"
    assert is_valid(domain(rest=f"{foreign}<metadata>{foreign}</metadata>"))


@pytest.mark.parametrize(
    ("shared", "valid"),
    [
        ("<l:sharenet type='netns' value='blue'/><l:shareipc type='pid' value='7'/>", True),
        ("<l:shareuts type='name' value='web'/><x:note xmlns:x='urn:x'/>", True),
        ("", True),
        ("<l:shareipc type='netns' value='blue'/>", False),
        ("<l:sharenet type='netns'/>", False),
        ("<l:sharnet type='netns' value='blue'/>", False),
        ("<sharenet type='netns' value='blue'/>", False),
        ("<l:sharenet type='name' value='a'/><l:sharenet type='name' value='a'/>", False),
        ("<l:sharenet type='name' value='a'>text</l:sharenet>", False),
    ],
)
def test_what_is_shared_is_in_the_grammar_with_its_namespace(shared: str, valid: bool) -> None:
    uri = "http://libvirt.org/schemas/domain/lxc/1.0"
    document = domain(rest=f"<l:namespace xmlns:l='{uri}'>{shared}</l:namespace>")
    assert is_valid(document) is valid
    assert {each.code for each in document.problems} <= {"root-equivalent"} or not valid
    assert document.problems or valid


def test_a_namespace_that_is_shared_has_its_place_below_the_domain() -> None:
    uri = "http://libvirt.org/schemas/domain/lxc/1.0"
    stray = f"<l:namespace xmlns:l='{uri}'/>"
    assert is_valid(domain(rest=stray))
    assert not is_valid(domain(f"<application>/bin/sh</application>{stray}"))
