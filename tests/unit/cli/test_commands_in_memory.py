"""Commands on the engine in memory: what they warn of, and what they refuse."""

from __future__ import annotations

import pytest
from tests.unit.cli.shell import GOOD, Shell


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


def test_show_tells_the_limits_of_what_runs(clochectl: Shell) -> None:
    assert "memory limit  256.0 MiB" in clochectl("--connect", "test:", "show", "web").out
    assert "limit" not in clochectl("--connect", "test:", "show", "browndog").out
