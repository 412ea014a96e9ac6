"""The traps of mounts, T4 to T9, in `linuxcontainer`."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.parts import PAIR, fs, mounts
from tests.unit.definition.samples import PROGRAM, codes, domain

from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import (
    Filesystem,
    FilesystemKind,
)


def test_t4_a_filesystem_without_a_type_is_what_its_children_say() -> None:
    kinds = {
        f"<mount>{PAIR}</mount>": FilesystemKind.MOUNT,
        "<template>debian-12</template>": FilesystemKind.TEMPLATE,
        PAIR: FilesystemKind.MOUNT,
    }
    for inside, kind in kinds.items():
        assert [entry.kind for entry in mounts(fs(inside, ""))] == [kind]
    assert codes(fs(f"<mount>{PAIR}</mount>{PAIR}", "")) == ["mixed-filesystem"]
    assert codes(fs(f"<mount>{PAIR}</mount>", " type='mount'")) == ["mixed-filesystem"]


def test_t5_the_first_revision_names_the_target_first() -> None:
    for inside in ("<mount>/etc/ = /srv/etc</mount>", "/etc/ = /srv/etc"):
        (entry,) = mounts(fs(inside, ""))
        assert (entry.source, entry.target) == ("/srv/etc", "/etc")
    (entry,) = mounts(fs("<mount>/a=b = /c</mount>", ""))
    assert (entry.source, entry.target) == ("/c", "/a=b")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/etc", "filesystem"),
        ("/etc = ", "path"),
        ("/etc = srv", "path"),
        ("etc = /srv", "path"),
        ("/a/../b = /srv", "path"),
        ("/etc = /", "root-source"),
        ("/etc = /srv = /x", "filesystem"),
    ],
)
def test_t5_a_text_that_is_no_pair_of_paths_is_refused(text: str, code: str) -> None:
    assert set(codes(fs(f"<mount>{text}</mount>", ""))) == {code}


def test_t6_order_is_kept_and_a_parent_behind_its_child_refused() -> None:
    def pair(target: str) -> str:
        return f"<filesystem type='mount'><source dir='/x'/><target dir='{target}'/></filesystem>"

    assert [e.target for e in mounts(domain(pair("/b") + pair("/a") + PROGRAM))] == ["/b", "/a"]
    assert codes(domain(pair("/a/b") + pair("/a") + PROGRAM)) == ["hidden-mount"]
    assert codes(domain(pair("/a") + pair("//a/./") + PROGRAM)) == ["same-target"]
    assert codes(domain(pair("/") * 2 + PROGRAM)) == ["same-target"]


def test_t7_slashes_are_compared_away_and_written_back_as_read() -> None:
    before = fs("<source dir='/srv//a/'/><target dir='//a/./'/>")
    assert mounts(before) == (Filesystem(FilesystemKind.MOUNT, "/srv//a/", "/a"),)
    assert edit.set_filesystems(before, mounts(before)) is before


@pytest.mark.parametrize(
    ("inside", "kind", "code"),
    [
        ("<source dir='srv'/><target dir='/a'/>", "mount", "path"),
        ("<source dir='/srv'/><target dir='a'/>", "mount", "path"),
        ("<source dir='/srv'/><target dir='/a/../b'/>", "mount", "path"),
        ("<source dir='/srv'/><target dir=''/>", "mount", "path"),
        ("<source dir=''/><target dir='/a'/>", "mount", "path"),
        ("<source dir='/a&#10;b'/><target dir='/a'/>", "mount", "path"),
        ("<target dir='/a'/>", "mount", "missing"),
        ("<source dir='/a'/>", "mount", "missing"),
        ("<source/><target dir='/a'/>", "ram", "missing"),
        ("<source usage='many'/><target dir='/a'/>", "ram", "usage"),
        ("<source dir='/a'/><target dir='/a'/>", "file", "missing"),
        ("<source dir='/a'/><target dir='/a'/>", "block", "missing"),
        ("<source dev='sda'/><target dir='/a'/>", "block", "path"),
    ],
)
def test_t8_paths_that_lead_astray_are_refused(inside: str, kind: str, code: str) -> None:
    assert codes(fs(inside, f" type='{kind}'")) == [code]


def test_t9_templates_have_dots_and_are_no_paths() -> None:
    for name in ("debian-5.0-i386", "slackware-10.2-i386-minimal"):
        document = fs(f"<source name='{name}'/>", " type='template'")
        assert mounts(document) == (Filesystem(FilesystemKind.TEMPLATE, name, "/"),)
    for name in ("../etc", "a/b", "..", ""):
        assert "name" in codes(fs(f"<source name='{name}'/>", " type='template'"))
