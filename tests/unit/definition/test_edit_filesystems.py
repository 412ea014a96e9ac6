"""How an edit of mounts is written: in the form that the neighbours have."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.definition.edited import added_lines, present
from tests.unit.definition.samples import PROGRAM, domain, example

from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import Filesystem, FilesystemKind

NESTED = "rfc-2008-nested.xml"
NEW = Filesystem(FilesystemKind.MOUNT, "/a", "/b")
RAM = Filesystem(FilesystemKind.RAM, "", "/scratch", size_kib=2048)


def test_a_mount_added_to_the_rfcs_list_takes_its_form() -> None:
    before = example(NESTED)
    after = edit.set_filesystems(before, (*present(before), NEW))
    assert added_lines(before, after) == [
        '              <source dir="/a"/>',
        '              <target dir="/b"/>',
    ]
    assert after.text.count("<mount>") == 3


def test_a_mount_added_to_typed_ones_is_typed() -> None:
    before = example("system.xml")
    after = edit.set_filesystems(before, (*present(before), NEW))
    assert added_lines(before, after) == ["      <source dir='/a'/>", "      <target dir='/b'/>"]
    assert after.text.count("<filesystem type='mount'>") == 3


def test_a_first_mount_is_typed() -> None:
    before = example("shell.xml")
    after = edit.set_filesystems(before, (NEW,))
    assert "<container>\n    <filesystem type='mount'>\n      <source dir='/a'/>" in after.text


def test_an_empty_list_of_the_rfc_is_used_again() -> None:
    before = example(NESTED)
    empty = edit.set_filesystems(before, ())
    assert "<filesystem>\n      </filesystem>" in empty.text
    assert edit.set_filesystems(empty, (NEW,)).text.count("<mount>") == 1


def test_a_memory_filesystem_between_two_of_a_list_keeps_the_order() -> None:
    before = example(NESTED)
    etc, var = present(before)
    after = edit.set_filesystems(before, (etc, RAM, var))
    assert [entry.target for entry in present(after)] == ["/etc", "/scratch", "/var"]
    assert after.problems == ()
    assert after.text.count("<mount>") == 2


def test_a_mount_that_becomes_another_kind_is_rewritten() -> None:
    for name in (NESTED, "system.xml"):
        before = example(name)
        first, *others = present(before)
        after = edit.set_filesystems(before, (replace(RAM, target=first.target), *others))
        kinds = [entry.kind for entry in present(after)]
        assert kinds == [FilesystemKind.RAM, *[entry.kind for entry in others]]
        assert after.problems == ()


def test_mounts_that_change_places_keep_their_bytes() -> None:
    first = (
        "<filesystem type='mount'> <!-- 1 --> <source dir='/a'/><target  dir='/x/'/></filesystem>"
    )
    second = '<filesystem type="mount"><source dir="/b"/><target dir="/y"/></filesystem>'
    before = domain(f"\n{first}\n{second}\n{PROGRAM}")
    after = edit.set_filesystems(before, present(before)[::-1])
    assert after.text == domain(f"\n{second}\n{first}\n{PROGRAM}").text


def test_only_the_attribute_of_a_changed_mount_changes() -> None:
    before = example("system.xml")
    root, data, ram = present(before)
    moved = (root, replace(data, source="/srv/other"), replace(ram, size_kib=131072))
    after = edit.set_filesystems(before, moved)
    wanted = before.text.replace("/srv/data", "/srv/other").replace("usage='64'", "usage='128'")
    assert after.text == wanted


def test_readonly_comes_and_goes_on_its_own_line() -> None:
    before = example("system.xml")
    root, data, ram = present(before)
    after = edit.set_filesystems(before, (root, replace(data, readonly=False), ram))
    assert after.text == before.text.replace("      <readonly/>\n", "")
    assert edit.set_filesystems(after, present(before)).data == before.data


def test_a_wrong_mount_can_be_corrected() -> None:
    before = domain(f"<filesystem type='mount'><source dir='x'/></filesystem>{PROGRAM}")
    after = edit.set_filesystems(before, (NEW,))
    assert after.errors == ()


def test_a_template_keeps_its_spelling() -> None:
    before = domain(f"<filesystem><template>old</template></filesystem>{PROGRAM}")
    (template,) = present(before)
    after = edit.set_filesystems(before, (replace(template, source="new"),))
    assert after.text == before.text.replace("old", "new")
