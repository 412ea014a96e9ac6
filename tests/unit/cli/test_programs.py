"""`clochectl` as a program, where it needs no helper."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from cloche_engine.api.client import Engine
from cloche_engine.api.model import Container, End, StartReport, State
from cloche_engine.cli import look, words
from cloche_engine.cli.explain import lines

LITERAL = Path(__file__).parents[1] / "definition/rfc-v2-literal.xml"
GOOD = b"""<domain type='linuxcontainer'><name>one</name>
<container><application>/bin/sh</application></container></domain>"""


def _run(*arguments: str, fed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-m", "cloche_engine.cli", *arguments]
    return subprocess.run(program, input=fed, capture_output=True, timeout=30, check=False)


def _line(done: subprocess.CompletedProcess[bytes]) -> str:
    line = done.stderr.decode()
    assert line.startswith("clochectl: ")
    assert line.count("\n") == 1
    return line


def test_the_example_of_the_rfc_is_refused_with_its_place_and_a_remedy() -> None:
    done = _run("validate", str(LITERAL))
    assert done.returncode == 1
    assert f"{LITERAL}: 2 errors; " in _line(done)
    first, _ = done.stdout.decode().splitlines()
    assert f"{LITERAL}:19:" in first
    assert "write '/>'" in first


def test_a_good_definition_is_valid() -> None:
    done = _run("validate", "-", fed=GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"<stdin>: valid\n", b"")


def test_validate_gives_one_json_document() -> None:
    good = json.loads(_run("validate", "-", "--json", fed=GOOD).stdout)
    assert good == {
        "file": "<stdin>", "dialect": "linuxcontainer", "valid": True, "problems": []
    }  # fmt: skip
    bad = json.loads(_run("--json", "validate", str(LITERAL)).stdout)
    assert not bad["valid"]
    assert bad["problems"][0]["line"] == 19


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["dance"], ["show"], ["show", "-rf"], ["list", "more"], ["exec", "one"],
        ["stop", "one", "--timeout", "soon"], ["wait", "one", "--state", "happy"],
        ["--connect", "elsewhere", "list"], ["--connect", "private:", "list"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_has_status_2_and_one_line(arguments: list[str]) -> None:
    done = _run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert _line(done)


def test_the_demonstration_is_listed_without_a_helper() -> None:
    done = _run("--connect", "test:", "list", "--json")
    assert len(json.loads(done.stdout)) >= 6


def test_a_missing_system_bus_is_told() -> None:
    environment = dict(os.environ) | {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
    program = [sys.executable, "-m", "cloche_engine.cli", "--connect", "system", "list"]
    done = subprocess.run(program, capture_output=True, env=environment, check=False)
    assert done.returncode == 1
    assert "cannot reach the message bus: No such file" in _line(done)


def test_t12_control_characters_of_a_container_are_seen_and_do_not_reach_the_terminal() -> None:
    hostile = Container("0" * 32, "a\x1b[2J", State.FAILED, error="\x1b]0;x\x07\nline")
    facts = [(name, value, "", "", "") for name, value in words.facts(hostile)]
    shown = words.table([words.row(hostile), *facts])
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert r"a\x1b[2J" in shown
    assert r"\x1b]0;x\x07 line" in shown


class _Said:
    """An engine whose container has said this."""

    async def logs(self, _ref: str) -> bytes:
        return b"one \x1b[32mgreen\x1b[m\r\n\x1b]52;c;aGk=\x07\xe2\x80\xae\xff\xc2\x9b6n\r\n"


def test_t12_a_log_is_obeyed_by_no_terminal_and_whole_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = argparse.Namespace(name="one", json=False)
    heard = []
    for reading, writing in (os.pipe(), pty.openpty()):
        with open(writing, "w", encoding="utf-8") as out:  # noqa: PTH123 - a descriptor
            monkeypatch.setattr(sys, "stdout", out)
            asyncio.run(look.logs(cast("Engine", _Said()), options))
            heard.append(os.read(reading, 1000))
        os.close(reading)
    assert heard[0] == asyncio.run(_Said().logs(""))
    seen = "one green\r\n\\x1b]52;c;aGk=\\x07\\u202e\N{REPLACEMENT CHARACTER}\\x9b6n\r\n"
    assert heard[1].decode() == seen


@pytest.mark.parametrize(
    "words",
    [["validate", "-"], ["spec", "-"], ["convert", "--to", "lxc-conf", "-"]],
    ids=lambda words: words[0],
)
def test_a_command_that_needs_no_bus_imports_none(words: list[str]) -> None:
    program = f"import sys, cloche_engine.cli.__main__ as m\nsys.argv[1:]={words}\nm.main()\n"
    program += "assert not {'asyncio', 'dbus_fast'} & set(sys.modules), 'imported too much'"
    done = subprocess.run(
        [sys.executable, "-c", program], input=GOOD, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_explain_tells_how_often_the_policy_started_it_again() -> None:
    container, report = Container("u", "one"), StartReport(1.7e9 + 9, ())
    assert "again" not in "".join(lines(container, report))
    cause = "its program ended with \x1b[2Jstatus 4"
    often = replace(report, restarts=3, restarted_at=1.7e9, restart_cause=cause)
    (said,) = (line for line in lines(container, often) if "again" in line)
    assert said == (
        "started again 3 times since somebody started it, last at 2023-11-14 22:13:20+00:00: "
        "its program ended with \\x1b[2Jstatus 4"
    )


def test_an_address_is_shown_while_it_is_held_whoever_asks() -> None:
    static = ("10.0.0.2/24",)
    running = Container("n1", "n1", State.RUNNING, pid=7, addresses=static, static_addresses=static)
    stopped = Container("n4", "n4", static_addresses=static)
    for container, shown in ((running, "10.0.0.2/24"), (stopped, "")):
        assert words.row(container)[-1] == (shown or "-")
        assert dict(words.facts(container)).get("addresses", "") == shown
        assert words.document(container)["addresses"] == shown.split()
        assert words.document(container)["static_addresses"] == [*static]


@pytest.mark.parametrize(
    ("ended", "code", "said"),
    [
        (End.OUT_OF_MEMORY, 137, "failed (out of memory)"),
        (End.CRASH, 139, "failed (crash)"),
        (End.LOST, None, "failed (lost)"),
        (End.EXIT, 4, "failed (4)"),
        (End.STOP, 143, "failed"),
    ],
)
def test_how_it_ended_stands_behind_the_state(ended: End, code: int | None, said: str) -> None:
    container = Container("0" * 32, "box", State.FAILED, exit_code=code, ended=ended, ended_at=1.0)
    assert words.state_words(container) == said
    assert dict(words.facts(container))["ended"] == f"1970-01-01T00:00:01+00:00: {ended}"
    assert words.document(container)["ended"] == ended.value
