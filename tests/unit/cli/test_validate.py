"""`validate`: what is wrong, in words and as JSON."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.unit.cli.shell import EXAMPLE, GOOD, LITERAL, Shell


def test_every_problem_is_one_line_with_its_place(clochectl: Shell, slip: Path) -> None:
    done = clochectl("validate", slip)
    lines = done.out.splitlines()
    assert f"{slip}:2:12: warning: unknown-element: <applicaton>" in lines[1]
    assert f"{slip}:2:1: error: missing: " in lines[0]
    assert done.line == f"{slip}: 1 error; correct what is told above, with its line"


def test_both_mistakes_of_the_rfc_come_in_one_pass(clochectl: Shell) -> None:
    done = clochectl("validate", LITERAL)
    places = [line.removeprefix(f"{LITERAL}:").split(": ")[0] for line in done.out.splitlines()]
    assert places == ["19:48", "20:11"]


def test_all_files_are_checked_also_behind_a_wrong_one(clochectl: Shell, slip: Path) -> None:
    done = clochectl("validate", slip, EXAMPLE)
    assert done.status == 1
    assert done.out.endswith(f"{EXAMPLE}: valid\n")


def test_all_files_are_checked_also_behind_one_that_is_not_there(
    clochectl: Shell, tmp_path: Path
) -> None:
    done = clochectl("validate", tmp_path / "none.xml", EXAMPLE)
    assert done.out == f"{EXAMPLE}: valid\n"
    assert "none.xml: No such file" in done.line


def test_a_file_that_cannot_be_read_has_its_entry_in_json(
    clochectl: Shell, tmp_path: Path, slip: Path
) -> None:
    missing = tmp_path / "none.xml"
    good, none, bad = clochectl("validate", "--json", EXAMPLE, missing, slip).json
    assert (good["valid"], none["valid"], bad["valid"]) == (True, False, False)
    assert (none["file"], none["dialect"]) == (str(missing), None)
    (problem,) = none["problems"]
    assert (problem["code"], problem["severity"]) == ("unreadable", "error")
    assert "none.xml: No such file" in problem["reason"]
    assert not clochectl("validate", "--json", missing).json["valid"]


def test_a_failure_ends_with_the_number_of_errors(
    clochectl: Shell, tmp_path: Path, slip: Path
) -> None:
    assert clochectl("validate", LITERAL).line.startswith(f"{LITERAL}: 2 errors; ")
    done = clochectl("validate", LITERAL, slip, EXAMPLE, tmp_path / "none.xml")
    assert "none.xml: No such file or directory; 4 files: 3 errors; " in done.line


def test_several_files_are_a_list_in_json(clochectl: Shell, slip: Path) -> None:
    bad, good = clochectl("validate", "--json", slip, EXAMPLE).json
    assert (bad["file"], bad["valid"], good["valid"]) == (str(slip), False, True)
    assert bad["problems"][1]["fixes"][0]["name"] == "did-you-mean"


def test_any_dialect_is_checked(clochectl: Shell) -> None:
    done = clochectl("validate", "--json", "-", fed=b"lxc.uts.name = a\nlxc.rootfs.path = x\n")
    assert done.json["dialect"] == "lxc-conf"
    assert done.status == 1


def test_more_memory_than_this_computer_has_is_a_warning(clochectl: Shell) -> None:
    much = GOOD.replace(b"</domain>", b"<memory unit='EiB'>1</memory></domain>")
    done = clochectl("validate", "-", fed=much)
    assert done.status == 0
    assert "<stdin>:2:" in done.out
    assert "warning: memory-above-host: " in done.out


def test_a_problem_names_the_fixes_that_mend_it(clochectl: Shell, slip: Path) -> None:
    none, one = clochectl("validate", slip).out.splitlines()
    assert one.endswith("; --fix did-you-mean mends it")
    assert "--fix" not in none
    *_, two = clochectl("validate", LITERAL).out.splitlines()
    assert two.endswith("; --fix open-self-closed or --fix drop-end-tag mends it")


def test_who_looks_at_a_terminal_reads_an_error_once(slip: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "cloche_engine.cli", "validate", str(slip)]
    said = b""
    with os.fdopen(ours, "rb", buffering=0) as screen:
        status = subprocess.run(words, stdout=theirs, stderr=theirs, check=False).returncode
        os.close(theirs)
        with contextlib.suppress(OSError):  # EIO is the end of what a terminal said
            while piece := screen.read(4096):
                said += piece
    assert (status, said.count(f"{slip}:2:1: ".encode())) == (1, 1)


def test_validate_against_those_that_are_defined(clochectl: Shell) -> None:
    taken = clochectl("--connect", "test:", "list", "--json").json[0]["name"]
    same = GOOD.replace(b"one", taken.encode())
    assert clochectl("--connect", "test:", "validate", "-", fed=same).status == 0
    done = clochectl("--connect", "test:", "validate", "--against-defined", "-", fed=same)
    assert "error: name-taken: there is a container named" in done.out


def test_validate_against_those_that_are_defined_knows_the_networks(clochectl: Shell) -> None:
    inside = b"<interface type='network'><source network='%s'/></interface></container>"
    for name, told in (b"defualt", 1), (b"default", 0):
        text = GOOD.replace(b"</container>", inside % name)
        done = clochectl("--connect", "test:", "validate", "--against-defined", "-", fed=text)
        warning = "warning: network-unknown: there is no network 'defualt' here; there is default"
        assert (done.status, done.out.count(warning)) == (0, told)


def test_a_name_in_another_script_is_told_which_letters_a_name_has(clochectl: Shell) -> None:
    named = GOOD.replace(b"one", "контейнер".encode())
    done = clochectl("validate", "-", fed=named)
    assert "'контейнер' does not begin with one of a-z, A-Z and 0-9" in done.out
