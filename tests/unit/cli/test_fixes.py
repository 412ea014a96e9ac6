"""`validate --fix`: what is mended, and what of the file stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.cli.shell import EXAMPLE, GOOD, LITERAL, SLIP, Shell


def test_a_fix_changes_the_file_and_says_what_it_did(clochectl: Shell, slip: Path) -> None:
    done = clochectl("validate", slip, "--fix", "did-you-mean")
    assert slip.read_bytes() == GOOD
    assert done.status == 0
    told, valid = done.out.splitlines()
    assert told == f"{slip}:2:12: fixed: did-you-mean: write <application> in place of <applicaton>"
    assert valid == f"{slip}: valid"


def test_a_fix_can_be_named_by_its_problem(clochectl: Shell, slip: Path) -> None:
    assert clochectl("validate", "--fix", "unknown-element", slip).status == 0
    assert slip.read_bytes() == GOOD


def test_t3_the_rfc_is_mended_in_one_command(clochectl: Shell, tmp_path: Path) -> None:
    file = tmp_path / "rfc.xml"
    file.write_bytes(LITERAL.read_bytes())
    done = clochectl("validate", file, "--fix", "stray-name-before-gt", "open-self-closed")
    assert done.status == 0
    assert done.out.count(": fixed: ") == 2
    assert file.read_text().strip() == EXAMPLE.read_text().strip()


def test_a_fix_keeps_mode_links_and_everything_beside_the_file(
    clochectl: Shell, slip: Path
) -> None:
    slip.chmod(0o640)
    link = slip.with_name("link.xml")
    link.symlink_to(slip.name)
    clochectl("validate", link, "--fix", "did-you-mean")
    assert link.is_symlink()
    assert slip.read_bytes() == GOOD
    assert slip.stat().st_mode & 0o7777 == 0o640
    assert sorted(slip.parent.iterdir()) == [link, slip]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_fix_keeps_the_owner(clochectl: Shell, slip: Path) -> None:
    os.chown(slip, 12345, 54321)
    clochectl("validate", slip, "--fix", "did-you-mean")
    assert slip.read_bytes() == GOOD
    assert (slip.stat().st_uid, slip.stat().st_gid) == (12345, 54321)


def test_a_file_that_needs_no_fix_is_not_written(clochectl: Shell, slip: Path) -> None:
    before = slip.stat()
    done = clochectl("validate", slip, "--fix", "rename")
    told = "nothing here is mended by rename; what is wrong here is mended by did-you-mean"
    assert f"{slip}: {told}\n" in done.out
    assert (slip.stat().st_ino, slip.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_two_ways_to_mend_are_asked_about_and_nothing_is_done(
    clochectl: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "rfc.xml"
    file.write_bytes(LITERAL.read_bytes())
    done = clochectl("validate", file, "--fix", "not-well-formed")
    assert "open-self-closed or drop-end-tag" in done.line
    assert file.read_bytes() == LITERAL.read_bytes()


def test_standard_input_comes_back_mended_and_alone(clochectl: Shell) -> None:
    done = clochectl("validate", "-", "--fix", "did-you-mean", fed=SLIP)
    assert (done.status, done.out) == (0, GOOD.decode())
    assert "<stdin>:2:12: fixed: did-you-mean: " in done.said


def test_json_tells_what_was_mended(clochectl: Shell) -> None:
    done = clochectl("validate", "-", "--json", "--fix", "did-you-mean", fed=SLIP)
    assert done.json["document"] == GOOD.decode()
    (fixed,) = done.json["fixed"]
    assert (fixed["fix"], fixed["code"], fixed["line"]) == ("did-you-mean", "unknown-element", 2)


def test_what_is_no_file_is_not_replaced(clochectl: Shell, tmp_path: Path) -> None:
    done = clochectl("validate", tmp_path, "--fix", "rename")
    assert "cannot read" in done.line
