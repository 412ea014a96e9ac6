"""Whose the files of a mount are: read, written, edited, and refused where it makes no sense."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.definition.samples import PROGRAM, codes, domain, warnings

from cloche_engine.definition.container.powers import root_equivalent
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.planning.plan import make_plan
from cloche_engine.definition.spec import Access, Filesystem, FilesystemKind, Owner

ME = "<owner uid='1000' gid='100' inside='33:44'/>"


def mount(
    more: str = "", attributes: str = "", kind: str = "mount", source: str = "dir='/a'"
) -> str:
    return (
        f"<filesystem type='{kind}'{attributes}><source {source}/><target dir='/b'/>{more}"
        "</filesystem>"
    )


def only(document: Document) -> Filesystem:
    (found,) = document.compiled().filesystems
    return replace(found, location=None)


def test_an_owner_is_two_numbers_of_the_host_and_two_inside() -> None:
    assert only(domain(mount(ME) + PROGRAM)).owner == Owner(1000, 100, 33, 44)
    for inside, wanted in (("", (0, 0)), (" inside='7'", (7, 7))):
        written = f"<owner uid='1' gid='2'{inside}/>"
        assert only(domain(mount(written) + PROGRAM)).owner == Owner(1, 2, *wanted)


def test_in_the_list_of_the_rfc_an_owner_stands_in_its_mount() -> None:
    listed = f"<filesystem><mount><source dir='/a'/><target dir='/b'/>{ME}</mount></filesystem>"
    assert only(domain(listed + PROGRAM)).owner == Owner(1000, 100, 33, 44)


@pytest.mark.parametrize(
    "written",
    [
        "<owner uid='me' gid='1'/>", "<owner uid='1'/>", "<owner uid='-1' gid='1'/>",
        "<owner uid='4294967295' gid='1'/>", "<owner uid='1' gid='1' inside='root:0'/>",
        "<owner uid='1' gid='1' inside='1:2:3'/>", "<owner uid='\u0661' gid='1'/>",
    ],
)  # fmt: skip
def test_an_owner_that_cannot_be_read_is_an_error_with_the_form_to_write(written: str) -> None:
    document = domain(mount(written) + PROGRAM)
    assert "owner" in codes(document)
    assert any("<owner uid='1000'" in problem.hint for problem in document.errors)


def test_whose_files_they_are_is_said_once_and_where_it_matters() -> None:
    assert codes(domain(mount(ME, " accessmode='mapped'") + PROGRAM)) == ["owner"]
    ram = mount(ME, kind="ram", source="usage='64'")
    assert codes(domain(ram + PROGRAM)) == ["owner"]


def test_passthrough_that_can_be_written_is_warned_of_as_root_equivalent() -> None:
    warned = mount(attributes=" accessmode='passthrough'")
    assert warnings(domain(warned + PROGRAM)) == ["root-equivalent"]
    harmless = (
        mount("<readonly/>", " accessmode='passthrough'"), mount(attributes=" accessmode='mapped'"),
        mount(ME),
    )  # fmt: skip
    for each in harmless:
        assert warnings(domain(each + PROGRAM)) == []


@pytest.mark.parametrize(
    ("filesystem", "counts"),
    [
        (Filesystem(FilesystemKind.MOUNT, "/a", "/b"), True),
        (Filesystem(FilesystemKind.MOUNT, "/a", "/b", access=Access.PASSTHROUGH), True),
        (Filesystem(FilesystemKind.BLOCK, "/dev/sda", "/b"), True),
        (Filesystem(FilesystemKind.MOUNT, "/a", "/b", owner=Owner(0, 0, 5, 5)), True),
        (Filesystem(FilesystemKind.MOUNT, "/a", "/b", owner=Owner(1000, 0, 0, 0)), False),
        (Filesystem(FilesystemKind.MOUNT, "/a", "/b", readonly=True), False),
        (Filesystem(FilesystemKind.MOUNT, "/a", "/b", access=Access.MAPPED), False),
        (Filesystem(FilesystemKind.TEMPLATE, "a", "/b"), False),
        (Filesystem(FilesystemKind.RAM, "", "/b", size_kib=1), False),
    ],
)
def test_every_way_to_leave_roots_programs_on_the_host_counts_as_root(
    filesystem: Filesystem, *, counts: bool
) -> None:
    spec = replace(domain(PROGRAM).compiled(), filesystems=(filesystem,))
    assert root_equivalent(spec) == ((filesystem,) if counts else ())


def test_an_edit_changes_whose_files_they_are_and_nothing_else() -> None:
    before = domain(mount("<readonly/>") + PROGRAM)
    found = only(before)
    owned = edit.set_filesystems(before, (replace(found, owner=Owner(1000, 100, 33, 44)),))
    assert ME in owned.text
    assert only(owned).owner == Owner(1000, 100, 33, 44)
    mapped = edit.set_filesystems(owned, (replace(found, access=Access.MAPPED),))
    assert "<owner" not in mapped.text
    assert "accessmode='mapped'" in mapped.text
    assert edit.set_filesystems(mapped, (found,)).text == before.text


def test_the_plan_says_whose_files_they_become() -> None:
    plain = domain(mount() + PROGRAM)
    for changed, words in (
        (mount(ME), "33:44's where they are 1000:100's"),
        (mount(attributes=" accessmode='mapped'"), "the container's own host ids"),
    ):
        (step,) = make_plan(plain, domain(changed + PROGRAM), running=False).steps
        assert words in step.sentence
