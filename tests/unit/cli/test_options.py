"""The command line's grammar."""

from __future__ import annotations

import pytest

from cloche_engine.cli.change import signal_number
from cloche_engine.cli.options import COMMANDS, UsageError, read_options
from cloche_engine.definition.dialects.dialect import Dialect

NAMES = {
    "list", "show", "xml", "define", "undefine", "validate", "start", "stop", "kill", "pause",
    "resume", "restart", "console", "exec", "logs", "stats", "wait", "explain", "processes",
    "plan", "diff",
    "convert", "spec", "template", "copy", "network",
}  # fmt: skip


def test_there_are_the_commands_that_other_work_builds_on() -> None:
    assert set(COMMANDS) == NAMES


@pytest.mark.parametrize(
    "words",
    [
        ["--connect", "test:", "--json", "show", "one"],
        ["show", "--connect", "test:", "one", "--json"],
        ["--json", "show", "one", "--connect", "test:"],
    ],
)
def test_options_stand_before_or_after(words: list[str]) -> None:
    command, options = read_options(words)
    assert command.name == "show"
    assert (options.connect, options.json, options.name) == ("test:", True, "one")


def test_without_options_there_are_none() -> None:
    _, options = read_options(["list"])
    assert options.connect is None
    assert not options.json


def test_the_words_of_a_program_are_its_own() -> None:
    _, options = read_options(["exec", "one", "--", "ls", "--json", "--", "-l"])
    assert options.program == ["ls", "--json", "--", "-l"]
    assert not options.json


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no command is given"),
        (["nonsense"], "invalid choice"),
        (["show"], "required: NAME"),
        (["show", "a", "b"], "unrecognized arguments: b"),
        (["exec", "one"], "no program is given"),
        (["exec", "one", "--"], "no program is given"),
        (["exec", "one", "ls", "-l", "a b"], "write `clochectl exec one -- ls -l 'a b'`"),
        (["exec", "--user", "sh", "web", "sh"], "write `clochectl exec --user sh web -- sh`"),
        (["exec", "web", "--user", "sh", "sh"], "write `clochectl exec web --user sh -- sh`"),
        (["exec", "--user", "web", "web", "sh"], "write `clochectl exec --user web web -- sh`"),
        (["exec", "--user=sh", "sh", "sh"], "write `clochectl exec --user=sh sh -- sh`"),
        (
            ["--connect", "test:", "exec", "--directory", "/a", "/a", "/a", "--user", "b"],
            "write `clochectl --connect test: exec --directory /a /a -- /a --user b`",
        ),
        (["--json", "exec", "--user", "7", "one", "ls", "--json"], "--user 7 one -- ls --json`"),
        (["exec", "--usr", "one", "ls"], "unrecognized arguments: --usr ls"),
        (["exec", "--env", "=b", "one", "--", "ls"], "is no NAME=VALUE"),
        (["stop", "one", "--timeout", "-1"], "is no time of 0 to 86400 seconds"),
        (["stop", "one", "--timeout", "nan"], "is no time of 0 to 86400 seconds"),
        (["wait", "one", "--state", "happy"], "invalid choice"),
        (["validate"], "no file is given"),
        (["validate", "--fix", "rename"], "no file is given"),
        (["convert", "a.xml"], "required: --to"),
        (["convert", "--to", "docker", "a.xml"], "invalid choice"),
        (["spec", "--from", "docker", "a.xml"], "invalid choice"),
        (["--jso", "list"], "unrecognized arguments"),
        (["kill", "a", "--signal", "X"], "--signal X; see `clochectl kill --help`"),
        (["network", "list", "default"], "default; see `clochectl network list --help`"),
        (["stats", "--interval", "0"], "'0' is no interval of 0.1 to 3600 seconds"),
        (["stats", "--interval", "nan"], "'nan' is no interval of 0.1 to 3600 seconds"),
    ],
)
def test_wrong_usage_is_told_with_the_way_to_help(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_options(words)
    assert "clochectl" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "files", "codes"),
    [
        (["a.xml", "-"], ["a.xml", "-"], []),
        (["a.xml", "--fix", "rename", "remove"], ["a.xml"], ["rename", "remove"]),
        (["--fix", "rename", "a.xml"], ["a.xml"], ["rename"]),
        (["--fix", "rename", "-"], ["-"], ["rename"]),
        (
            ["a.xml", "--fix", "rename", "--fix", "remove", "./b"],
            ["a.xml", "./b"],
            ["rename", "remove"],
        ),
    ],
)
def test_codes_to_fix_and_files_are_told_apart(
    words: list[str], files: list[str], codes: list[str]
) -> None:
    _, options = read_options(["validate", *words])
    assert (options.files, options.fix) == (files, codes)


def test_every_dialect_can_be_named() -> None:
    for dialect in Dialect:
        _, options = read_options(["convert", "--from", dialect, "--to", dialect, "-"])
        assert (options.source, options.target) == (dialect, dialect)


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_has_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read_options([word, "--help"])
    assert caught.value.code == 0
    assert COMMANDS[word].help in capsys.readouterr().out


@pytest.mark.parametrize(("word", "number"), [("KILL", 9), ("sigterm", 15), ("hup", 1), ("64", 64)])
def test_signals_have_names_and_numbers(word: str, number: int) -> None:
    assert signal_number(word) == number
