"""Edits of a document that is not well-formed: around the mistakes, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.unit.definition.samples import RFC_LITERAL
from tests.unit.definition.test_bytes import FIELDS, SINGLE, fields
from tests.unit.definition.writing import Style, specs, styles, write

from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.spec import ContainerSpec, Interface

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking would cost minutes here

GOOD = """<domain type='linuxcontainer'>
  <name>one</name>
  <container>
    <filesystem type='mount'>
      <source dir='/srv/a'/>
      <target dir='/a'/>
    </filesystem>
    <application>/bin/sh</application>
    <network hostname='one'>
      <ip address='10.0.0.2' prefix='24'/>
    </network>
  </container>
  <memory>65536</memory>
</domain>
"""


def test_the_rfcs_own_text_can_be_renamed_as_it_is() -> None:
    after = edit.set_memory_kib(edit.set_name(Document.parse(RFC_LITERAL), "two"), 131072)
    expected = RFC_LITERAL.replace(b"Container123", b"two").replace(b"65536", b"131072")
    assert after.data == expected
    assert after.tree is None


@pytest.mark.parametrize(
    ("good", "broken"),
    [
        ("<source dir='/srv/a'/>", "<source dir='/srv/a&b'/>"),
        ("<source dir='/srv/a'/>", "<source dir='/srv/a&nope;'/>"),
        ("<source dir='/srv/a'/>", "<source dir='/srv/a'/source>"),
        ("<source dir='/srv/a'/>", "<source dir=/srv/a/>"),
        ("<source dir='/srv/a'/>", "<source dir='a' dir='b'/>"),
        ("<source dir='/srv/a'/>", "<source dir='/srv/a'/></source>"),
        ("<source dir='/srv/a'/>", "a < b"),
        ("</filesystem>", "</filesytem>"),
        ("</network>", ""),
        ("</domain>\n", ""),
        ("</container>\n  <memory>65536</memory>\n</domain>\n", "<!-- </contai"),
    ],
)
def test_what_stands_beside_a_mistake_can_be_edited(good: str, broken: str) -> None:
    text = GOOD.replace(good, broken)
    document = Document.parse(text.encode())
    assert document.tree is None
    try:
        after = edit.set_name(document, "two").text
    except DefinitionError:
        assert "<!--" in text
    else:
        assert after == text.replace("<name>one", "<name>two")


def test_what_a_mistake_may_hide_is_not_written_a_second_time() -> None:
    for good, broken in (("</network>", ""), ("<application>", "<aplication"), ("</domain>", "")):
        document = Document.parse(GOOD.replace(good, broken).encode())
        with pytest.raises(DefinitionError):
            edit.set_title(edit.set_directory(document, "/srv"), "A")


@pytest.mark.parametrize("note", ["<q:note &x; a='1'>{}</q:note>", "<note a=1>{}</note>"])
def test_what_a_broken_start_tag_may_hold_is_not_taken_for_what_stands_beside_it(note: str) -> None:
    name, note = "<name>one</name>", note.format("<name>x</name>")
    behind = Document.parse(GOOD.replace(name, note + name).encode())
    with pytest.raises(DefinitionError):
        edit.set_name(behind, "two")
    after = edit.set_memory_kib(behind, 131072)
    assert after.text == behind.text.replace("65536", "131072")


@pytest.mark.parametrize("tag", ["<ip address='10.0.0.2' pre&fix='24'/>", "<i&p prefix='24'/>"])
def test_an_attribute_whose_name_is_torn_is_not_written_a_second_time(tag: str) -> None:
    document = Document.parse(GOOD.replace("<ip address='10.0.0.2' prefix='24'/>", tag).encode())
    with pytest.raises(DefinitionError):
        edit.set_interface(document, Interface(addresses=("10.0.0.3/16",)))
    assert edit.set_name(document, "two").text == document.text.replace(">one<", ">two<")


@pytest.mark.parametrize("value", ["a>b&c", "&", "x &nope; y"])
def test_a_torn_value_is_replaced_as_a_whole(value: str) -> None:
    document = Document.parse(GOOD.replace("hostname='one'", f"hostname='{value}'").encode())
    assert document.tree is None
    assert edit.set_hostname(document, "one").text == GOOD


def test_an_edit_may_replace_the_mistake_itself() -> None:
    document = Document.parse(GOOD.replace("/bin/sh", "/bin/a&b").encode())
    after = edit.set_program(document, ("/bin/sh",))
    assert after.text == GOOD


def test_a_document_of_another_kind_is_not_edited_when_broken() -> None:
    with pytest.raises(DefinitionError):
        edit.set_name(Document.parse(GOOD.replace("linuxcontainer", "kvm&").encode()), "two")
    with pytest.raises(DefinitionError):
        edit.set_name(Document.parse(b"no XML at all"), "two")


@settings(max_examples=100, deadline=None, phases=QUICK)
@given(
    specs,
    specs,
    styles(),
    fields,
    st.sampled_from([b"&oops", b"&oops;", b"</oops>", b"<oops", b" <oops ", b"oops='"]),
    st.data(),
)
def test_an_edit_beside_a_mistake_is_that_of_the_sound_text_or_none(
    spec: ContainerSpec,
    other: ContainerSpec,
    style: Style,
    field: str,
    mistake: bytes,
    data: st.DataObject,
) -> None:
    if style.encoding != "utf-8":
        style = Style(nested=style.nested, flat=style.flat, comments=style.comments)
    sound = write(spec, style)
    at = data.draw(st.integers(0, len(sound)))
    broken = Document.parse(sound[:at] + mistake + sound[at:])
    if broken.tree is not None:
        return
    change, value = FIELDS[field]
    try:
        after = change(broken, value(other))
    except DefinitionError:
        return
    wanted = change(Document.parse(sound), value(other))
    mended = after.data.replace(mistake, b"")
    assert Document.parse(mended).tree is not None
    if field in SINGLE:
        # A mistake in a line of its own, or beside an element, has a say in how space is laid out.
        assert b"".join(mended.split()) == b"".join(wanted.data.split())
