"""What the helper logs is found in the journal by its priority."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

from cloche_engine.daemon.journal import JournalFormatter, PlainFormatter, formatter


def record(level: int, text: str, *, failed: bool = False) -> logging.LogRecord:
    information = sys.exc_info() if failed else None
    return logging.LogRecord("cloched", level, __file__, 1, text, (), information)


def test_each_line_of_a_traceback_has_the_priority() -> None:
    try:
        int("no")
    except ValueError:
        failure = record(logging.ERROR, "broken", failed=True)
    else:
        pytest.fail("an int")
    lines = JournalFormatter().format(failure).splitlines()
    assert lines[0] == "<3>cloched: broken"
    assert lines[-1].startswith("<3>ValueError: ")
    assert all(line.startswith("<3>") for line in lines)


@pytest.mark.parametrize("make", [JournalFormatter, PlainFormatter])
def test_t12_what_a_container_said_begins_no_line_and_commands_no_terminal(
    make: type[PlainFormatter],
) -> None:
    said = make().format(record(logging.ERROR, "it said \x1b[2J\x85<0>boo\u2028\u202e"))
    assert said.endswith(r"cloched: it said \x1b[2J <0>boo \u202e")
    assert len(said.splitlines()) == 1


def test_levels_are_told_apart() -> None:
    levels = (logging.WARNING, logging.INFO, logging.DEBUG)
    said = [JournalFormatter().format(record(level, "x"))[:3] for level in levels]
    assert said == ["<4>", "<6>", "<7>"]


def test_only_the_journal_gets_priorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log").open("w") as file:
        status = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", "1:2")
        assert formatter(file.fileno()).format(record(logging.INFO, "x")) == "INFO cloched: x"
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert formatter(file.fileno()).format(record(logging.INFO, "x")) == "<6>cloched: x"
