"""`clochectl` as people and scripts use it, against a running helper."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import IO

import pytest
from tests.bus import world
from tests.bus.shell import Shell
from tests.clochectl import CLOCHECTL, terminal

pytestmark = pytest.mark.bus


def test_an_empty_list_says_how_to_go_on(shell: Shell) -> None:
    assert "clochectl define FILE" in shell.ok("list")
    assert shell.json("list") == []


def test_list_shows_names_and_states(shell: Shell) -> None:
    shell.make("one")
    shell.start("two")
    head, first, second = shell.ok("list").splitlines()
    assert head.split()[:2] == ["NAME", "STATE"]
    assert first.split()[:2] == ["one", "stopped"]
    assert second.split()[:2] == ["two", "running"]


def test_show_has_the_fixed_fields(shell: Shell) -> None:
    shown = shell.json("show", shell.start("one"))
    assert {"name", "uuid", "state", "pid", "exit_code", "started", "addresses"} <= set(shown)
    assert (shown["state"], shown["exit_code"], shown["addresses"]) == ("running", None, [])
    assert shown["pid"] > 0
    assert shell.json("show", shown["uuid"]) == shown
    assert re.search(r"^state +running$", shell.ok("show", "one"), re.MULTILINE)


def test_options_may_stand_before_and_after_the_command(shell: Shell) -> None:
    target = shell.helper.target
    for words in (["--json", "list", "--connect", target], ["list", "--connect", target, "--json"]):
        done = subprocess.run([*CLOCHECTL, *words], capture_output=True, check=True)
        assert json.loads(done.stdout) == []


def test_xml_gives_back_the_bytes(shell: Shell) -> None:
    text = shell.ok("xml", shell.make("one"))
    assert "<!-- mine -->" in text
    assert shell.json("xml", "one")["definition"] == text


def test_define_takes_the_place_of_its_own_and_of_nobody_elses(
    shell: Shell, tmp_path: Path
) -> None:
    text = shell.ok("xml", shell.make("one"))
    file = tmp_path / "one.xml"
    file.write_text(text.replace("mine", "changed"))
    shell.ok("define", str(file))
    assert "changed" in shell.ok("xml", "one")
    assert "choose another name" in shell.fails("define", "-", fed=world.shell("one"))


def test_define_says_which_container_has_the_same_address(shell: Shell) -> None:
    network = b"<network><ip address='10.9.8.7' prefix='24'/></network></container>"
    one, two = (world.shell(name).replace(b"</container>", network) for name in ("one", "two"))
    said = shell.run("define", "-", fed=one)
    assert (said.returncode, said.stderr) == (0, b"")
    said = shell.run("define", "-", fed=two)
    assert said.returncode == 0
    assert b"warning: address-taken: the address 10.9.8.7 is that of the container" in said.stderr
    assert b"'one'" in said.stderr
    own = shell.run("define", "-", fed=shell.ok("xml", "one").encode())
    assert (own.returncode, own.stderr.count(b"\n")) == (0, 1)
    assert b"'two'" in own.stderr


def test_a_broken_definition_is_refused_with_its_place(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "broken.xml"
    file.write_bytes(world.shell("one").replace(b"</name>", b""))
    line = shell.fails("define", str(file))
    assert re.match(rf"clochectl: {re.escape(str(file))}:\d+:\d+: ", line)
    assert "; " in line
    assert shell.json("list") == []


@pytest.mark.parametrize(
    ("fed", "words"),
    [(b"<!DOCTYPE x><x/>", "DOCTYPE"), (b" " * 10_000_000, "131072"), (b"", "<stdin>:1:1")],
    ids=["doctype", "ten megabytes", "nothing"],
)
def test_what_is_no_definition_is_refused_in_one_line(shell: Shell, fed: bytes, words: str) -> None:
    assert words in shell.fails("define", "-", fed=fed)


def test_a_file_that_is_not_there_is_told(shell: Shell) -> None:
    assert "cannot read /no/such: No such file" in shell.fails("define", "/no/such")


def test_the_life_of_a_container(shell: Shell) -> None:
    name = shell.start("one")
    shell.ok("pause", name)
    assert shell.json("show", name)["state"] == "paused"
    shell.ok("resume", name)
    shell.ok("restart", name, "--timeout", "1")
    assert "not be" not in shell.ok("stop", name, "--timeout", "0.5")
    assert shell.json("show", name)["state"] == "stopped"
    assert "'one' does not run: there is nothing to kill" in shell.fails("kill", name)
    assert "'one' does not run: there is nothing to stop" in shell.fails("stop", name)
    shell.ok("undefine", name)
    assert "there is no container 'one'" in shell.fails("show", name)


@pytest.mark.parametrize("word", ["TERM", "sigterm", "15"])
def test_kill_takes_names_and_numbers(shell: Shell, word: str) -> None:
    shell.ok("kill", shell.start("one"), word)
    assert shell.json("show", "one")["exit_code"] == 128 + 15


def test_kill_refuses_a_signal_that_there_is_not(shell: Shell) -> None:
    assert "there is no signal 'WHAT'" in shell.fails("kill", shell.start("one"), "WHAT")
    assert shell.json("show", "one")["state"] == "running"


def test_wait_returns_when_it_stops(shell: Shell) -> None:
    name = shell.start("one")
    with subprocess.Popen(shell.words("wait", name), stdout=subprocess.PIPE) as waiting:
        assert shell.fails("wait", name, "--timeout", "0.1").startswith("clochectl: 'one' is still")
        assert waiting.poll() is None
        shell.ok("stop", name)
        assert waiting.wait(30) == 0
    assert shell.ok("wait", name).startswith("one: stopped")


def test_wait_can_wait_for_a_start(shell: Shell) -> None:
    name = shell.make("one")
    with subprocess.Popen(
        shell.words("wait", name, "--state", "running"), stdout=subprocess.PIPE
    ) as waiting:
        shell.ok("start", name)
        assert waiting.wait(30) == 0


def test_wait_says_when_the_helper_goes(shell: Shell) -> None:
    name = shell.start("one")
    with subprocess.Popen(shell.words("wait", name), stderr=subprocess.PIPE) as waiting:
        assert shell.run("wait", name, "--timeout", "0.5").returncode == 1
        shell.helper.kill()
        _, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 1
    assert errors.startswith(b"clochectl: the helper went away")


def test_a_console_works_through_pipes(shell: Shell) -> None:
    name = shell.start("one")
    assert "\nhello\r\n" in shell.ok("console", name, fed=b"echo hel''lo\n")
    done = shell.run("console", name, fed=b"exit 9\n")
    assert done.returncode == 0
    assert b"ended with status 9" in done.stderr


def test_a_console_on_a_terminal_is_left_with_its_key(shell: Shell) -> None:
    name = shell.start("one")
    with terminal(shell.words("console", name)) as screen:
        screen.until("Ctrl+] leaves this console")
        screen.until("root@one:/#")
        assert screen.is_raw()
        screen.type("echo hel''lo\r")
        screen.until("\nhello\r\n")
        screen.type("\x03")
        screen.until("^C")
        screen.type("\x1d")
        assert screen.process.wait(30) == 0
        assert not screen.is_raw()
    assert shell.json("show", name)["state"] == "running"


def test_a_console_of_what_has_not_run_names_no_key_to_leave_it(shell: Shell) -> None:
    with terminal(shell.words("console", shell.make("one"))) as screen:
        screen.until("has not run yet")
        assert "Ctrl+]" not in screen.shown


def test_a_console_survives_a_new_size(shell: Shell) -> None:
    with terminal(shell.words("console", shell.start("one"))) as screen:
        screen.until("root@one:/#")
        screen.resize(50, 132)
        screen.process.send_signal(signal.SIGWINCH)
        screen.type("echo af''ter\r")
        screen.until("after\r\n")
        screen.type("exit 2\r")
        screen.until("ended with status 2")
        assert screen.process.wait(30) == 0


def test_start_can_go_on_in_the_console(shell: Shell) -> None:
    shell.make("one")
    with terminal(shell.words("start", "one", "--console")) as screen:
        screen.until("root@one:/#")
        screen.type("\x1d")
        assert screen.process.wait(30) == 0


def test_the_terminal_is_whole_again_when_the_helper_dies(shell: Shell) -> None:
    with terminal(shell.words("console", shell.start("one"))) as screen:
        screen.until("root@one:/#")
        shell.helper.kill()
        screen.process.wait(30)
        assert not screen.is_raw()


def test_exec_gives_the_status_and_the_streams_of_the_program(shell: Shell) -> None:
    name = shell.start("one")
    done = shell.run("exec", name, "--", "/bin/sh", "-c", "exit 42")
    assert done.returncode == 42
    assert shell.ok("exec", name, "--", "echo", "--json", "two words") == "--json two words\n"
    data = os.urandom(300_000)
    assert shell.run("exec", name, "--", "cat", fed=data).stdout == data


def test_exec_on_a_terminal_is_a_session(shell: Shell) -> None:
    with terminal(shell.words("exec", shell.start("one"), "--", "sh")) as screen:
        screen.until("root@one:/#")
        screen.type("exit 6\r")
        assert screen.process.wait(30) == 6


def test_exec_hands_signals_on(shell: Shell) -> None:
    with subprocess.Popen(
        shell.words("exec", shell.start("one"), "--", "cat"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + 15


def test_exec_needs_a_running_container_and_a_program(shell: Shell) -> None:
    assert "start it first" in shell.fails("exec", shell.make("one"), "--", "true")
    shell.ok("start", "one")
    refused = shell.fails("exec", "one", "--", "/no/such", status=127)
    assert "'/no/such' does not exist" in refused


def test_logs_and_stats(shell: Shell) -> None:
    name = shell.start("one")
    assert "root@one:/#" in shell.ok("logs", name)
    assert "memory limit" in shell.ok("stats", name)
    assert shell.json("stats", name)["processes"] == 1


def test_stats_of_all_that_run_are_a_table(shell: Shell) -> None:
    shell.ok("define", "-", fed=world.shell("box"))
    assert shell.ok("stats", "--interval", "0.1") == "No container runs.\n"
    shell.ok("start", "box")
    head, row = shell.ok("stats", "--interval", "0.1").splitlines()
    assert head.split()[:3] == ["NAME", "CPU", "MEMORY"]
    assert row.split()[0] == "box"
    (sample,) = shell.json("stats", "--interval", "0.1")
    assert sample["processes"] == 1
    assert sample["memory_limit_bytes"] is None


def test_stats_of_all_tell_what_each_may_use(shell: Shell) -> None:
    quota = b"<cputune><period>100000</period><quota>50000</quota></cputune>"
    limited = b"<memory unit='MiB'>64</memory>" + quota + b"<container>"
    shell.ok("define", "-", fed=world.shell("box").replace(b"<container>", limited))
    shell.ok("start", "box")
    _, row = shell.ok("stats", "--interval", "0.1").splitlines()
    assert " of 50 %" in row
    assert " of 64.0 MiB" in row
    (sample,) = shell.json("stats", "--interval", "0.1")
    assert sample["memory_limit_bytes"] == 64 << 20
    assert sample["cpu_quota_usec"] == 50000


def test_stats_are_followed_until_it_ends(shell: Shell) -> None:
    shell.ok("define", "-", fed=world.shell("box"))
    shell.ok("start", "box")
    words = shell.words("stats", "box", "--follow", "--interval", "0.1")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert following.stderr is not None
        for _ in range(2):
            assert b"memory" in following.stdout.readline()
        shell.ok("kill", "box")
        assert b"does not run any more" in following.stderr.read()
        assert following.wait(timeout=30) == 1


def test_followed_stats_show_a_limit_that_is_changed_meanwhile(shell: Shell) -> None:
    shell.ok("define", "-", fed=limited(world.shell("box"), 64))
    shell.ok("start", "box")
    stored = shell.ok("xml", "box").encode()
    for options, sixty_four, thirty_two in (
        (("box",), b"of 64.0 MiB", b"of 32.0 MiB"),
        ((), b"of 64.0 MiB", b"of 32.0 MiB"),
        (("box", "--json"), b'"memory_limit_bytes": 67108864', b'"memory_limit_bytes": 33554432'),
    ):
        shell.ok("define", "-", fed=stored)
        words = shell.words("stats", *options, "--follow", "--interval", "0.1")
        with subprocess.Popen(words, stdout=subprocess.PIPE) as following:
            assert following.stdout is not None
            try:
                assert reads(following.stdout, sixty_four)
                shell.ok("define", "-", fed=stored.replace(b">64<", b">32<"))
                assert reads(following.stdout, thirty_two)
            finally:
                following.terminate()


def limited(text: bytes, mebibytes: int) -> bytes:
    return text.replace(b"</domain>", b"<memory unit='MiB'>%d</memory></domain>" % mebibytes)


def reads(lines: IO[bytes], wanted: bytes) -> bool:
    """Whether one of the lines of the next twenty seconds and more says so."""
    return any(wanted in lines.readline() for _ in range(400))


def test_a_helper_that_is_lost_and_cannot_start_again_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [*CLOCHECTL, "--connect", f"private:{tmp_path}/file", "list"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot use" in done.stderr
    assert done.stderr.count("\n") == 1


def test_who_reads_only_the_head_gets_no_complaint(shell: Shell) -> None:
    shell.make("one")
    line = " ".join(shell.words("list")) + " | true"
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    assert done.stderr == b""


def test_a_copy_that_finds_no_place_says_one_line(shell: Shell, tmp_path: Path) -> None:
    """Also where more was to come than a pipe holds."""
    (tmp_path / "large").write_bytes(bytes(1 << 20))
    shell.start("box")
    told = shell.fails("copy", str(tmp_path / "large"), "box:/no/where")
    assert "the directory /no does not exist" in told
