"""`validate`, `convert` and `spec`, in the process of the test."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloche_engine.cli.__main__ import main

LITERAL = Path(__file__).parents[1] / "definition/rfc-v2-literal.xml"
EXAMPLE = Path(__file__).parents[3] / "resources/examples/rfc-2008-nested.xml"
GOOD = b"""<domain type='linuxcontainer'><name>one</name>
<container><application>/bin/sh</application></container></domain>"""
SLIP = GOOD.replace(b"application>", b"applicaton>")
LIBVIRT = b"""<domain type='lxc'><name>one</name><os><type>exe</type><init>/bin/sh</init></os>
</domain>"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command gave."""

    status: int
    out: str
    said: str

    @property
    def line(self) -> str:
        """The one line of a failure."""
        assert self.status in {1, 2}
        assert self.said.startswith("clochectl: ")
        assert self.said.count("\n") == 1, self.said
        return self.said.removeprefix("clochectl: ").rstrip()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs clochectl."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]
    ) -> None:
        self.monkeypatch = monkeypatch
        self.capture = capture

    def __call__(self, *words: object, fed: bytes = b"") -> Done:
        self.monkeypatch.setattr(sys, "argv", ["clochectl", *map(str, words)])
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fed)))
        status = main()
        out, said = self.capture.readouterr()
        return Done(status, out.decode(), said.decode())


@pytest.fixture
def clochectl(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Shell:
    return Shell(monkeypatch, capsysbinary)


@pytest.fixture
def slip(tmp_path: Path) -> Path:
    file = tmp_path / "slip.xml"
    file.write_bytes(SLIP)
    return file


# validate


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


# validate --fix


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


# convert


def test_the_document_and_its_losses_do_not_mix(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", EXAMPLE)
    assert done.status == 0
    assert "lxc.cgroup.cpu.shares = 40\n" in done.out
    lines = done.said.splitlines()
    assert all(line.startswith(f"{EXAMPLE}: ") for line in lines)
    assert any(line.startswith(f"{EXAMPLE}: lost: nameservers: 192.168.1.1: ") for line in lines)


def test_json_holds_document_and_losses(clochectl: Shell) -> None:
    done = clochectl("convert", "--json", "--to", "lxc-conf", EXAMPLE)
    assert (done.json["from"], done.json["to"]) == ("linuxcontainer", "lxc-conf")
    assert "lxc.uts.name = Container123" in done.json["document"]
    paths = {loss["path"]: loss["value"] for loss in done.json["losses"]}
    assert paths["nameservers"] == ["192.168.1.1"]
    assert all(loss["why"] for loss in done.json["losses"])
    assert done.said == ""


def test_what_is_kept_without_an_effect_is_told_one_line_each(clochectl: Shell) -> None:
    clock = LIBVIRT.replace(b"</domain>", b"<clock offset='utc'/></domain>")
    done = clochectl("convert", "--to", "linuxcontainer", "-", fed=clock)
    line = "<stdin>: kept: domain/clock: in <kept>, without an effect in linuxcontainer"
    assert done.said.splitlines().count(line) == 1
    told = clochectl("convert", "--json", "--to", "linuxcontainer", "-", fed=clock)
    assert told.json["kept"] == [{"path": "domain/clock", "text": "<clock offset='utc'/>"}]
    back = clochectl("convert", "--to", "libvirt-lxc", "-", fed=done.out.encode())
    assert "kept: domain/clock" not in back.said


def test_a_limit_that_no_start_can_keep_is_told_when_it_is_converted_and_defined(
    clochectl: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "101.conf"
    file.write_text('VE_PRIVATE="/vz/private/$VEID"\nDISKSPACE="1048576:1153434"\n')
    done = clochectl("convert", "--to", "linuxcontainer", file)
    (line,) = [each for each in done.said.splitlines() if "to be corrected" in each]
    assert "space-limit: the container will not start: the kernel limits the space of a " in line
    assert "truncate -s 1153434K FILE" in line
    defined = clochectl("--connect", "test:", "define", "-", fed=done.out.encode())
    assert (defined.status, defined.out) == (0, "101: defined\n")
    assert ": warning: space-limit: the container will not start: " in defined.said


def test_a_container_of_openvz_without_its_files_is_told(clochectl: Shell, tmp_path: Path) -> None:
    file = tmp_path / "101.conf"
    for line, told in (("", 1), ('VE_PRIVATE="/vz/private/$VEID"', 0)):
        file.write_text(f'OSTEMPLATE="debian-7.0-x86_64"\n{line}\n')
        said = clochectl("convert", "--to", "linuxcontainer", file).said
        assert said.count("template-root: the root is a fresh copy of template debian-7.0") == told


def test_strict_has_status_3_where_something_is_lost(clochectl: Shell) -> None:
    assert clochectl("convert", "--strict", "--to", "lxc-conf", EXAMPLE).status == 3
    assert clochectl("convert", "--strict", "--json", "--to", "vserver", EXAMPLE).status == 3
    assert clochectl("convert", "--strict", "--to", "linuxcontainer", EXAMPLE).status == 0


def test_t17_a_conversion_says_how_an_idmap_was_understood(clochectl: Shell) -> None:
    maps = b"lxc.idmap = u 100000 0 65536\nlxc.idmap = g 100000 0 65536\n"
    data = b"lxc.uts.name = one\nlxc.rootfs.path = /srv/one\nlxc.init.cmd = /bin/sh\n" + maps
    for words in (("convert", "--to", "libvirt-lxc"), ("spec",)):
        done = clochectl(*words, "-", fed=data)
        assert done.status == 0
        assert "<stdin>:4:13: warning: idmap: the host's ids stand first" in done.said
        usual = clochectl(*words, "-", fed=data.replace(b"100000 0", b"0 100000"))
        assert "warning" not in usual.said


def test_a_document_with_errors_is_not_converted(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", LITERAL)
    assert (done.status, done.out) == (1, "")
    assert done.line.startswith(f"{LITERAL}:19:48: not-well-formed: ")
    told = clochectl("convert", "--json", "--to", "lxc-conf", LITERAL)
    assert told.json["document"] is None
    assert [problem["line"] for problem in told.json["problems"]] == [19, 20]


def test_a_virtual_machine_is_refused_by_name(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", "-", fed=b"<domain type='kvm'/>")
    assert "a domain of type 'kvm' is a virtual machine of KVM" in done.line


def test_a_container_can_be_named_anew(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", "--name", "other", EXAMPLE)
    assert "lxc.uts.name = other\n" in done.out
    assert "lost: name:" not in done.said


# spec


def test_spec_is_one_json_document_with_the_canonical_keys(clochectl: Shell) -> None:
    spec = clochectl("spec", EXAMPLE).json
    assert spec["uuid"] == "8dfd44b31e76d8d335150a2d98211ea0"
    assert spec["filesystems"][0]["target"] == "/etc"
    assert spec["interfaces"][0]["addresses"] == ["192.168.1.110/24"]
    assert spec["cpu"]["shares"] == 40
    assert (spec["environment"], spec["consoles"], spec["opaque"]) == ({}, 1, [])
    assert clochectl("spec", "--json", EXAMPLE).out.count("\n") == 1


def test_spec_of_a_dialect_that_is_named(clochectl: Shell) -> None:
    line = b'HOSTNAME="web"\n'
    assert clochectl("spec", "--from", "openvz-conf", "-", fed=line).json["hostname"] == "web"
    assert clochectl("spec", "--from", "lxc-conf", "-", fed=line).status == 1


def test_spec_of_a_broken_document_is_one_line(clochectl: Shell) -> None:
    assert clochectl("spec", LITERAL).line.startswith(f"{LITERAL}:19:48: ")


# define


def test_define_names_the_dialect_and_the_command_that_converts_it(clochectl: Shell) -> None:
    done = clochectl("--connect", "test:", "define", "-", fed=b"lxc.uts.name = a\n")
    assert "a definition of lxc-conf, not of linuxcontainer" in done.line
    assert "`clochectl convert --to linuxcontainer -`" in done.line


def test_define_warns_of_what_has_no_effect_and_defines_all_the_same(clochectl: Shell) -> None:
    odd = GOOD.replace(b"</domain>", b"<restart>always</restart></domain>")
    done = clochectl("--connect", "test:", "define", "-", fed=odd)
    assert (done.status, done.out) == (0, "one: defined\n")
    assert done.said.startswith("<stdin>:2:58: warning: unknown-element: <restart> in <domain>")


def test_a_second_define_says_how_the_first_is_changed(clochectl: Shell) -> None:
    done = clochectl("--connect", "test:", "define", "-", fed=GOOD.replace(b"one", b"browndog"))
    assert done.status == 1
    assert "`clochectl xml browndog`" in done.line
    assert "or choose another name" in done.line


def test_a_copy_between_no_container_and_none_is_wrong_usage(clochectl: Shell) -> None:
    done = clochectl("--connect", "test:", "copy", "a", "b")
    assert done.status == 2
    assert "written NAME:PATH" in done.line


@pytest.mark.parametrize(
    "words", [("copy", "/no/such", "browndog:/x"), ("template", "add", "new", "/no/such")]
)
def test_a_source_that_is_not_there_is_told_with_a_remedy(
    clochectl: Shell, words: tuple[str, ...]
) -> None:
    done = clochectl("--connect", "test:", *words)
    assert (done.status, "cannot read /no/such: No such file" in done.line) == (1, True)
    assert "; check the name" in done.line


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


def test_from_overrides_what_the_type_says(clochectl: Shell) -> None:
    untyped = LIBVIRT.replace(b" type='lxc'", b"")
    assert "domain-type" in clochectl("spec", "-", fed=untyped).line
    assert clochectl("spec", "--from", "libvirt-lxc", "-", fed=untyped).json["name"] == "one"


def test_a_name_in_another_script_is_told_which_letters_a_name_has(clochectl: Shell) -> None:
    named = GOOD.replace(b"one", "контейнер".encode())
    done = clochectl("validate", "-", fed=named)
    assert "'контейнер' does not begin with one of a-z, A-Z and 0-9" in done.out
