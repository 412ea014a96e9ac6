"""A paste can neither run by itself nor leave its brackets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche_gui.widgets.terminal import paste
from cloche_gui.widgets.terminal.paste import encode, runs_at_once


def test_newlines_become_enter() -> None:
    assert encode("one\r\ntwo\nthree\r", bracketed=False) == b"one\rtwo\rthree\r"


def test_brackets_surround_the_paste_when_asked_for() -> None:
    assert encode("ü", bracketed=True) == b"\x1b[200~\xc3\xbc\x1b[201~"


def test_a_closing_bracket_in_the_clipboard_is_disarmed() -> None:
    assert encode("a\x1b[201~rm -rf\n", bracketed=True) == b"\x1b[200~a[201~rm -rf\r\x1b[201~"


def test_t9_control_uncleaned_the_closing_bracket_ends_the_paste(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paste, "clean", lambda text: text)
    pasted = encode("a\x1b[201~rm -rf\n", bracketed=True)
    assert pasted == b"\x1b[200~a\x1b[201~rm -rf\r\x1b[201~"


def test_nested_closing_brackets_do_not_grow_together() -> None:
    assert encode("\x1b\x1b[201~[201~", bracketed=True).count(b"\x1b[201~") == 1


def test_several_lines_run_at_once_only_without_brackets() -> None:
    assert runs_at_once("ls\n", bracketed=False)
    assert not runs_at_once("ls\n", bracketed=True)
    assert not runs_at_once("ls", bracketed=False)


@given(st.text())
def test_no_control_character_is_ever_pasted(text: str) -> None:
    body = encode(text, bracketed=True).removeprefix(b"\x1b[200~").removesuffix(b"\x1b[201~")
    allowed = {"\t", "\r"}
    controls = {
        character for character in body.decode() if character < " " or "\x7f" <= character < "\xa0"
    }
    assert controls <= allowed
