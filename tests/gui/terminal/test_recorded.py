"""Recorded programs show what they are known to show, however their output is cut."""

import json
from itertools import cycle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.gui.terminal.known import FOLDER, known, played, stored

from cloche_gui.services.recording import read
from cloche_gui.widgets.terminal.core import TerminalCore

NAMES = sorted(path.stem for path in FOLDER.glob("*.cast"))


def in_pieces(core: TerminalCore, output: bytes, sizes: list[int]) -> None:
    """Feed it in pieces of these sizes, which come again and again."""
    at = 0
    for size in cycle(sizes):
        if at >= len(output):
            return
        core.feed(output[at : at + size])
        at += size


def test_recordings_have_all_that_a_terminal_does() -> None:
    """The control of the next test: without these its recordings would show little."""
    assert NAMES == ["dialog", "htop", "less", "letters", "tmux", "vim"]
    screens = [screen for name in NAMES for screen in stored(name)]
    assert {screen["alternate"] for screen in screens} == {True, False}
    assert len({str(screen["size"]) for screen in screens}) > 5
    shown = json.dumps(screens, ensure_ascii=False)
    letters = ("👨\u200d👩\u200d👧", "🇩🇪", "a\u0308\u0323", "漢", "┌──")
    for seen in (*letters, "wide", "bold", "italic", "curly", "strike"):
        assert seen in shown


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12)
@given(sizes=st.lists(st.integers(1, 300), min_size=1, max_size=6))
@example([1])
@example([1 << 20])
def test_a_recording_shows_the_known_screens_in_any_pieces(name: str, sizes: list[int]) -> None:
    cores = played(
        read(FOLDER / f"{name}.cast"), lambda core, output: in_pieces(core, output, sizes)
    )
    assert [known(core) for core in cores] == stored(name)
