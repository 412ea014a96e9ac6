"""Which package sources a release is made from: the host's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloche_engine.core.templates.release import cause, damage, hint_for, lines_for

DEB822 = """\
Types: deb
# an older snapshot
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
"""
KEY = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_the_lines_that_name_the_release_are_taken_as_they_are(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    (apt / "sources.list.d/other.list").write_text("deb https://other.example/apt stable main\n")
    assert lines_for("bookworm", apt) == [
        f"deb {KEY} http://deb.debian.org/debian bookworm main contrib",
        f"deb {KEY} http://deb.debian.org/debian bookworm-updates main contrib",
        "deb http://deb.debian.org/debian-security bookworm-security main",
    ]


def test_another_release_comes_from_the_same_mirror(apt: Path) -> None:
    (apt / "sources.list").write_text(
        "# deb http://commented.example/debian sid main\n"
        "deb [arch=amd64] http://mirror.example/debian/ bookworm main\n"
        "deb-src http://mirror.example/debian/ bookworm main\n"
    )
    assert lines_for("trixie", apt) == [
        "deb [arch=amd64] http://mirror.example/debian/ trixie main"
    ]


def test_without_a_mirror_of_the_family_the_tool_takes_its_own(apt: Path) -> None:
    (apt / "sources.list").write_text("deb https://other.example/apt stable main\n")
    assert lines_for("bookworm", apt) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("E: The repository does not have a Release file", "named so"),
        ("E: Could not resolve 'deb.debian.org'", "reaches its package sources"),
        ("E: something else", "by hand"),
    ],
)
def test_a_failure_has_a_next_step(said: str, words: str) -> None:
    assert words in hint_for([said])


def test_the_words_of_a_tool_are_part_of_our_sentence() -> None:
    said = ["Err:1 http://deb.debian.org", "E: Some index files were ignored, or old ones used."]
    assert cause(said) == "Some index files were ignored, or old ones used"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (r"/*stdin*\ : Read error (39) : premature end", "it ends too early"),
        (r"zstd: /*stdin*\: unsupported format", "it is damaged: unsupported format"),
    ],
)
def test_an_archive_that_zstd_cannot_unpack_is_to_blame_itself(said: str, words: str) -> None:
    message, hint = damage([said])
    assert message == f"the archive cannot be unpacked: {words}"
    assert "whole archive" in hint
