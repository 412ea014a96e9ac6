"""The fixed command line on the real engine, as scripts use it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clochectl import terminal
from tests.kernel.box import busybox_root
from tests.system import rfc
from tests.system.command import Command, command

pytestmark = [pytest.mark.kernel, pytest.mark.bus]

SHOWN = {"name", "uuid", "state", "pid", "exit_code", "started", "addresses"}


@pytest.fixture
def clochectl(tmp_path: Path) -> Iterator[Command]:
    """At a directory of 200 characters in one name; sockets have room for 107."""
    with command(tmp_path / ("d" * 200)) as made:
        yield made
        made.clear()


@pytest.fixture
def name(clochectl: Command, tmp_path: Path) -> str:
    return clochectl.start(root=busybox_root(tmp_path / "root"))


def test_show_tells_what_runs_and_how_it_ended(clochectl: Command, name: str) -> None:
    running = clochectl.json("show", name)
    assert set(running) >= SHOWN
    assert (running["state"], running["exit_code"]) == ("running", None)
    assert Path(f"/proc/{running['pid']}/root/bin/busybox").exists()
    assert abs(running["started"] - time.time()) < 60
    dashed = "-".join(re.fullmatch("(.{8})(.{4})(.{4})(.{4})(.{12})", running["uuid"]).groups())  # type: ignore[union-attr]
    for ref in (running["uuid"], dashed, dashed.upper()):
        assert clochectl.json("show", ref) == running
    clochectl.ok("kill", dashed, "KILL")
    ended = clochectl.json("show", name)
    assert (ended["state"], ended["pid"], ended["exit_code"]) == ("stopped", None, 137)


def test_kill_says_where_the_kernel_drops_a_signal(clochectl: Command, name: str) -> None:
    done = clochectl.run("kill", name, "TERM")  # a shell with a terminal ignores it
    assert (done.returncode, done.stdout.decode()) == (0, f"{name}: signalled\n")
    assert f"{name}: its first process does not handle signal 15" in done.stderr.decode()
    assert f"`clochectl stop {name}` ends it" in done.stderr.decode()
    assert clochectl.json("show", name)["state"] == "running"
    done = clochectl.run("kill", name, "KILL")
    assert (done.returncode, done.stderr) == (0, b"")


def test_explain_shows_the_last_start_failed_or_not(clochectl: Command, tmp_path: Path) -> None:
    program = ("/bin/sh", "-c", "echo last words; exit 3")
    name = clochectl.start(root=busybox_root(tmp_path / "root"), program=program)
    clochectl.ok("wait", name)
    said = clochectl.ok("explain", name)
    assert re.search(r"^\d+\.\d +\d+\.\d\d ms +inside +pivot_root$", said, re.MULTILINE)
    assert "the console said last:\n  last words" in said
    told = clochectl.json("explain", name)
    assert told["now"]["exit_code"] == 3
    assert (told["error"], told["console"]) == ("", "last words\r\n")
    (tmp_path / "root/bin/sh").unlink()
    clochectl.run("start", name)
    failed = clochectl.ok("explain", name)
    assert "the program /bin/sh does not exist" in failed
    assert '  call: execve("/bin/sh", ["/bin/sh", "-c", ' in failed
    assert " = ENOENT\n  place: line 1, column " in failed
    assert clochectl.json("explain", name)["details"]["name"] == "ENOENT"


def test_exec_gives_the_streams_and_the_status_of_the_program(
    clochectl: Command, name: str
) -> None:
    line = "cat; echo wrong >&2; exit 42"
    done = clochectl.run("exec", name, "--", "sh", "-c", line, fed=b"typed")
    assert (done.returncode, done.stdout, done.stderr) == (42, b"typed", b"wrong\n")
    words = ("--user", "7:8", "--directory", "/bin", "--env", "A=b=c", "--env", "B=")
    line = "echo $(id -u) $(id -g) $PWD $A $B."
    done = clochectl.run("exec", *words, name, "--", "sh", "-c", line)
    assert (done.returncode, done.stdout) == (0, b"7 8 /bin b=c .\n")
    killed = clochectl.run("exec", name, "--", "sh", "-c", "kill -9 $$")
    assert killed.returncode == 137


def test_wait_logs_and_stats(clochectl: Command, name: str) -> None:
    with subprocess.Popen(clochectl.words("wait", name), stdout=subprocess.PIPE) as waiting:
        usage = clochectl.json("stats", name)
        assert usage["processes"] == 1
        assert 0 < usage["memory_bytes"] <= usage["memory_peak_bytes"]
        said = clochectl.ok("console", name, fed=b"echo la''st words; exit 3\n")
        assert "\nlast words\r\n" in said
        told, _ = waiting.communicate(timeout=20)
    assert (waiting.returncode, told) == (0, b"box: stopped (3)\n")
    assert "\nlast words\r\n" in clochectl.ok("logs", name)
    assert clochectl.json("wait", name)["exit_code"] == 3


def test_a_console_is_left_and_entered_again(clochectl: Command, name: str) -> None:
    with terminal(clochectl.words("console", name)) as first:
        first.until("Ctrl+] leaves this console")
        first.until("/ # ")
        first.type("stty size; echo fi''rst\r")
        first.until("\nfirst\r\n")
        assert "\n31 91\r\n" in first.shown
        first.type("\x1d")
        assert first.process.wait(20) == 0
    with terminal(clochectl.words("console", name)) as again:
        again.until("\nfirst\r\n")
        again.type("exit 4\r")
        again.until("ended with status 4")
        assert again.process.wait(20) == 0


def test_an_old_question_is_not_asked_again_but_a_new_one_is(clochectl: Command, name: str) -> None:
    with terminal(clochectl.words("console", name)) as first:
        first.until("/ # ")
        first.type("printf 'a\\033[6nb\\033[cc\\n'; echo as''ked\r")
        first.until("\nasked\r\n")
        assert "a\x1b[6nb\x1b[cc\r\n" in first.shown
        first.type("\x1d")
        assert first.process.wait(20) == 0
    with terminal(clochectl.words("console", name)) as again:
        again.until("\nasked\r\n")
        assert "abc\r\n" in again.shown
        assert "\x1b[6n" not in again.shown.rpartition("asked")[0]
        again.type("\rprintf 'd\\033[6ne\\n'\r")
        again.until("d\x1b[6ne\r\n")
        again.type("\x1d")
        assert again.process.wait(20) == 0


def test_a_definition_of_libvirt_is_converted_and_runs(clochectl: Command, tmp_path: Path) -> None:
    root = busybox_root(tmp_path / "root")
    libvirt = f"""<domain type='lxc'>
      <name>box</name> <memory unit='MiB'>32</memory>
      <os> <type>exe</type> <init>/bin/sh</init> <initenv name='FROM'>libvirt</initenv> </os>
      <features> <privnet/> </features>
      <devices>
        <filesystem type='mount'> <source dir='{root}'/> <target dir='/'/> </filesystem>
        <console type='pty'/>
      </devices>
    </domain>""".encode()
    refused = clochectl.refused("define", "-", fed=libvirt)
    assert "a definition of libvirt-lxc" in refused.cause
    assert "`clochectl convert --to linuxcontainer -`" in refused.step
    converted = clochectl.run("convert", "--strict", "--to", "linuxcontainer", "-", fed=libvirt)
    assert (converted.returncode, converted.stderr) == (0, b"")
    clochectl.ok("define", "-", fed=converted.stdout)
    clochectl.ok("start", "box")
    assert clochectl.json("stats", "box")["memory_limit_bytes"] == 32 * 1024 * 1024
    assert clochectl.ok("exec", "box", "--", "cat", "/proc/1/environ").count("FROM=libvirt") == 1
    stored = clochectl.ok("xml", "box")
    meant = json.loads(clochectl.ok("spec", "-", fed=stored.encode()))
    assert (meant["program"], meant["memory"]["max_kib"]) == (["/bin/sh"], 32 * 1024)
    back = clochectl.json("convert", "--to", "libvirt-lxc", "-", fed=stored.encode())
    assert [loss["path"] for loss in back["losses"]] == []
    assert f"<source dir='{root}'/>" in back["document"]


def test_a_file_is_mended_and_stays_its_owners(clochectl: Command, tmp_path: Path) -> None:
    file = tmp_path / "rfc.xml"
    file.write_bytes(rfc.LITERAL.read_bytes())
    file.chmod(0o604)
    os.chown(file, 4711, 4712)
    told = clochectl.ok("validate", str(file), "--fix", "stray-name-before-gt", "drop-end-tag")
    assert told.splitlines()[-1] == f"{file}: valid"
    assert file.read_bytes() == rfc.flat()
    shown = file.stat()
    assert (shown.st_uid, shown.st_gid, shown.st_mode & 0o7777) == (4711, 4712, 0o604)
