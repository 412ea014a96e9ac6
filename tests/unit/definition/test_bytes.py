"""An edit changes the node behind its field, and every other byte stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.definition.writing import COMMENT, Style, specs, styles, write

from cloche_engine.definition.create import without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import ContainerSpec, Cpu, Interface, Memory

Edit = Callable[[Document, Any], Document]


def altered(spec: ContainerSpec, **fields: Any) -> ContainerSpec:
    return replace(spec, **fields)


def meaning(document: Document) -> ContainerSpec:
    """What a document says, without what it only keeps."""
    return replace(without_places(document.compiled()), opaque=())


def _first(interfaces: tuple[Interface, ...]) -> Interface | None:
    return interfaces[0] if interfaces else None


FIELDS: dict[str, tuple[Edit, Callable[[ContainerSpec], Any]]] = {
    "name": (edit.set_name, lambda spec: spec.name),
    "uuid": (edit.set_uuid, lambda spec: spec.uuid),
    "title": (edit.set_title, lambda spec: spec.title),
    "hostname": (edit.set_hostname, lambda spec: spec.hostname),
    "program": (edit.set_program, lambda spec: spec.program),
    "environment": (edit.set_environment, lambda spec: spec.environment),
    "directory": (edit.set_directory, lambda spec: spec.directory),
    "user": (edit.set_user, lambda spec: spec.user),
    "filesystems": (edit.set_filesystems, lambda spec: spec.filesystems),
    "interfaces": (edit.set_interface, lambda spec: _first(spec.interfaces)),
    "nameservers": (edit.set_nameservers, lambda spec: spec.nameservers),
    "cpu": (edit.set_cpushare, lambda spec: spec.cpu.shares),
    "memory": (edit.set_memory_kib, lambda spec: spec.memory.max_kib),
}
fields = st.sampled_from(sorted(FIELDS))
some = settings(max_examples=40, deadline=None)


@some
@given(specs, styles())
def test_every_form_and_layout_means_the_same(spec: ContainerSpec, style: Style) -> None:
    document = Document.parse(write(spec, style))
    assert document.problems == ()
    assert meaning(document) == spec
    assert bool(document.compiled().opaque) is style.foreign


@some
@given(specs, styles(), fields)
def test_setting_what_is_there_already_changes_no_byte(
    spec: ContainerSpec, style: Style, field: str
) -> None:
    document = Document.parse(write(spec, style))
    change, value = FIELDS[field]
    assert change(document, value(spec)) is document


@some
@given(specs, specs, styles(), fields)
def test_an_edit_changes_its_field_and_no_other(
    spec: ContainerSpec, other: ContainerSpec, style: Style, field: str
) -> None:
    change, value = FIELDS[field]
    changed = change(Document.parse(write(spec, style)), value(other))
    wanted = altered(spec, **{field: getattr(other, field)})
    assert changed.errors == ()
    assert meaning(changed) == wanted


@some
@given(specs, specs, styles(), fields)
def test_comments_and_foreign_elements_survive_every_edit(
    spec: ContainerSpec, other: ContainerSpec, style: Style, field: str
) -> None:
    style = replace(style, comments=True, foreign=True, encoding="utf-8", mark=b"", prolog="")
    change, value = FIELDS[field]
    before = Document.parse(write(spec, style))
    after = change(before, value(other))
    for kept in (
        COMMENT,
        f"<q:note xmlns:q={style.quote}urn:q{style.quote}>  ",
    ):
        # Mounts that go take the comments inside them away.
        inside = field in {"filesystems", "interfaces", "nameservers"}
        left, there = after.text.count(kept), before.text.count(kept)
        assert left <= there if inside else left == there


SINGLE = {
    "name": ("name", st.from_regex(r"[a-z]{1,9}", fullmatch=True)),
    "uuid": ("uuid", st.from_regex(r"[0-9a-f]{32}", fullmatch=True)),
    "title": ("title", st.text("abc&<>ä'\"", min_size=1, max_size=9)),
    "hostname": ("hostname", st.from_regex(r"[a-z]{1,9}", fullmatch=True)),
    "directory": ("directory", st.from_regex(r"/[a-z]{1,9}", fullmatch=True)),
    "user": ("user", st.from_regex(r"[a-z]{1,9}", fullmatch=True)),
    "cpu": ("cpu", st.integers(2, 1000).map(lambda shares: Cpu(shares=shares))),
    "memory": ("memory", st.integers(512, 10**9).map(lambda kib: Memory(max_kib=kib))),
}


@some
@given(specs, styles(), st.sampled_from(sorted(SINGLE)), st.data())
def test_an_edit_gives_what_the_author_would_have_written(
    spec: ContainerSpec, style: Style, field: str, data: st.DataObject
) -> None:
    style = replace(style, quote="'")
    attribute, values = SINGLE[field]
    old, new = data.draw(values), data.draw(values)
    before = altered(spec, **{attribute: old})
    after = altered(spec, **{attribute: new})
    change, value = FIELDS[field]
    assert change(Document.parse(write(before, style)), value(after)).data == write(after, style)


@some
@given(specs, styles(), st.sampled_from(sorted(SINGLE)), st.data())
def test_an_edit_taken_back_gives_the_bytes_back(
    spec: ContainerSpec, style: Style, field: str, data: st.DataObject
) -> None:
    style = replace(style, quote="'")
    attribute, values = SINGLE[field]
    old = altered(spec, **{attribute: data.draw(values)})
    new = altered(spec, **{attribute: data.draw(values)})
    change, value = FIELDS[field]
    before = Document.parse(write(old, style))
    assert change(change(before, value(new)), value(old)).data == before.data


@some
@given(specs, styles(), st.integers(0, 4), st.booleans())
def test_one_changed_mount_leaves_the_others_alone(
    spec: ContainerSpec,
    style: Style,
    at: int,
    readonly: bool,
) -> None:
    if at >= len(spec.filesystems):
        return
    mounts = list(spec.filesystems)
    mounts[at] = replace(mounts[at], source="/other", target="/zzzzzzzzz", readonly=readonly)
    before = Document.parse(write(spec, style))
    after = edit.set_filesystems(before, tuple(mounts))
    lines = zip(before.text.split("mount"), after.text.split("mount"), strict=True)
    differing = [one for one, two in lines if one != two]
    assert len(differing) <= 1


@some
@given(specs, styles(), st.sampled_from(["uuid", "title", "directory", "user", "cpu", "memory"]))
def test_adding_and_removing_again_gives_the_bytes_back(
    spec: ContainerSpec, style: Style, field: str
) -> None:
    change = FIELDS[field][0]
    without = {"cpu": Cpu(), "memory": Memory()}.get(field)
    before = Document.parse(write(altered(spec, **{field: without}), style))
    new = {"uuid": "0" * 32, "cpu": 77, "memory": 7777, "directory": "/x"}.get(field, "neu")
    added = change(before, new)
    assert added.data != before.data
    assert change(added, None).data == before.data


@some
@given(specs, specs, styles(), st.lists(fields, max_size=6))
def test_edits_in_any_order_end_in_a_document_without_errors(
    spec: ContainerSpec, other: ContainerSpec, style: Style, order: list[str]
) -> None:
    document, wanted = Document.parse(write(spec, style)), spec
    for field in order:
        change, value = FIELDS[field]
        document = change(document, value(other))
        wanted = altered(wanted, **{field: getattr(other, field)})
    assert meaning(document) == wanted


@pytest.mark.parametrize("text", ["\x00", "a\x08b", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused_with_a_sentence(text: str) -> None:
    document = Document.parse(write(ContainerSpec("a", program=("/a",)), Style()))
    for change in (edit.set_name, edit.set_title, edit.set_hostname, edit.set_directory):
        with pytest.raises(ValueError, match="cannot stand in an XML document"):
            change(document, text)
    with pytest.raises(ValueError, match="cannot stand in an XML document"):
        edit.set_program(document, ("/a", text))


@some
@given(st.text(max_size=20))
def test_any_argument_that_xml_can_carry_comes_back_as_it_was(text: str) -> None:
    document = Document.parse(write(ContainerSpec("a", program=("/a",)), Style()))
    try:
        changed = edit.set_environment(edit.set_program(document, ("/a", text)), (("A", text),))
    except ValueError:
        return
    assert changed.compiled().program == ("/a", text)
    assert changed.compiled().environment == (("A", text),)
