"""What definitions get wrong about mounts, each told with its place and cause."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM, codes, domain, warnings

from cloche_engine.definition.create import without_places
from cloche_engine.definition.spec import Filesystem, FilesystemKind

SOURCE = "<source dir='/a'/>"


def mount(source: str, target: str, kind: str = "type='mount'") -> str:
    return f"<filesystem {kind}><source dir='{source}'/><target dir='{target}'/></filesystem>"


def mounts_of(container: str) -> list[Filesystem]:
    return list(without_places(domain(container + PROGRAM).compiled()).filesystems)


def test_list_typed_and_untyped_mounts_mean_the_same() -> None:
    nested = mounts_of(
        "<filesystem><mount><source dir='/a'/><target dir='/b'/></mount></filesystem>"
    )
    assert nested == mounts_of(mount("/a", "/b")) == mounts_of(mount("/a", "/b", ""))
    assert nested == [Filesystem(FilesystemKind.MOUNT, "/a", "/b")]


def test_source_and_target_are_never_swapped_by_their_order() -> None:
    swapped = "<filesystem type='mount'><target dir='/b'/><source dir='/a'/></filesystem>"
    assert mounts_of(swapped) == [Filesystem(FilesystemKind.MOUNT, "/a", "/b")]


def test_a_list_and_a_mount_in_one_filesystem_are_refused() -> None:
    inside = f"<mount>{SOURCE}<target dir='/b'/></mount>{SOURCE}<target dir='/c'/>"
    assert "mixed-filesystem" in codes(domain(f"<filesystem>{inside}</filesystem>{PROGRAM}"))


def test_a_mount_written_as_text_is_refused_where_it_could_mean_two_things() -> None:
    for text in ("/etc", "/etc=/srv=/x", "/a = /b = /c", "/etc /srv/etc"):
        assert codes(domain(f"<filesystem>{text}</filesystem>{PROGRAM}")) == ["filesystem"]


def test_mounts_keep_the_order_of_the_document() -> None:
    found = mounts_of(mount("/x", "/var") + mount("/y", "/a") + mount("/z", "/var/lib"))
    assert [entry.target for entry in found] == ["/var", "/a", "/var/lib"]


def test_a_parent_after_its_child_would_hide_it() -> None:
    document = domain(mount("/x", "/var/lib") + mount("/y", "/var") + PROGRAM)
    assert codes(document) == ["hidden-mount"]
    assert "/var would hide /var/lib" in document.errors[0].reason


def test_the_root_may_stand_anywhere() -> None:
    assert [fs.target for fs in mounts_of(mount("/x", "/var") + mount("/y", "/"))] == ["/var", "/"]


@pytest.mark.parametrize("other", ["/var", "/var/", "//var", "/./var/."])
def test_the_same_target_twice_is_refused_however_it_is_spelled(other: str) -> None:
    assert codes(domain(mount("/x", "/var") + mount("/y", other) + PROGRAM)) == ["same-target"]


@pytest.mark.parametrize("path", ["etc", "", "/a/../b", "/a&#9;b", "a/../../b"])
def test_paths_that_cannot_be_used_are_refused(path: str) -> None:
    assert codes(domain(mount("/x", path) + PROGRAM)) == ["path"]
    assert codes(domain(mount(path, "/x") + PROGRAM)) == ["path"]


@pytest.mark.parametrize("path", ["/", "//", "/."])
def test_the_hosts_root_cannot_be_mounted_and_the_hint_says_what_to_do(path: str) -> None:
    (problem,) = domain(mount(path, "/") + PROGRAM).errors
    assert problem.code == "root-source"
    assert "leave out the mount on /" in problem.hint


def test_memory_filesystems_have_a_size_in_kib_or_a_unit() -> None:
    ram = "<filesystem type='ram'><source usage='{}'{}/><target dir='/t'/></filesystem>"
    assert mounts_of(ram.format(1024, ""))[0].size_kib == 1024
    assert mounts_of(ram.format(1, " unit='MiB'"))[0].size_kib == 1024
    assert mounts_of(ram.format(1, " units='MiB'"))[0].size_kib == 1024


def test_a_memory_filesystem_without_size_is_refused() -> None:
    assert codes(domain(f"<filesystem type='ram'><target dir='/t'/></filesystem>{PROGRAM}")) == [
        "missing"
    ]


@pytest.mark.parametrize(
    ("kind", "attribute"), [("block", "dev"), ("file", "file"), ("bind", "dir")]
)
def test_each_kind_names_its_source_by_an_attribute_of_its_own(kind: str, attribute: str) -> None:
    text = f"<filesystem type='{kind}'><source {attribute}='/x'/><target dir='/y'/></filesystem>"
    document = domain(text + PROGRAM)
    assert warnings(document) == []
    assert document.compiled().filesystems[0].kind == kind
    assert document.compiled().filesystems[0].source == "/x"


@pytest.mark.parametrize(
    "text",
    [
        "<filesystem type='template'><source name='debian-5.0-i386'/></filesystem>",
        "<filesystem><template>debian-5.0-i386</template></filesystem>",
    ],
)
def test_templates_have_a_name_with_dots_and_stand_on_the_root(text: str) -> None:
    found = domain(text + PROGRAM).compiled().filesystems[0]
    assert (found.kind, found.source, found.target) == ("template", "debian-5.0-i386", "/")


def test_a_template_is_no_path() -> None:
    text = "<filesystem type='template'><source name='../x'/></filesystem>"
    assert codes(domain(text + PROGRAM)) == ["name"]


def test_a_block_filesystem_without_its_source_is_refused() -> None:
    text = "<filesystem type='block'><target dir='/y'/></filesystem>"
    assert codes(domain(text + PROGRAM)) == ["missing"]
