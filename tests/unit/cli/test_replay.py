"""Earlier output keeps its look and loses its questions."""

from __future__ import annotations

import pytest

from cloche_engine.cli.replay import Replay

QUESTIONS = (
    b"\x05", b"\x1bZ", b"\x1b[c", b"\x1b[>0c", b"\x1b[=c", b"\x1b[5n", b"\x1b[?6n", b"\x1b[?2026$p",
    b"\x1b[4$p", b"\x1b[>q", b"\x1b[?u", b"\x1b[14t", b"\x1b[18t", b"\x1b[21t", b"\x1b[x",
    b"\x1b[1;1;1;1;2;2*y", b"\x1b[?1;1;0S", b"\x1b]11;?\x07", b"\x1b]4;1;?\x1b\\",
    b"\x1b]52;c;?\x07", b"\x1bP$qm\x1b\\", b"\x1bP+q544e\x1b\\", b"\x1b_Ga=q,i=1;AAAA\x1b\\",
)  # fmt: skip
COMMANDS = (
    b"\x1b[31m", b"\x1b[2J", b"\x1b[3;4H", b"\x1b[u", b"\x1b[>1u", b"\x1b[<u", b"\x1b[=1;1u",
    b"\x1b[22;0t",
    b"\x1b[8;24;80t", b"\x1b[4S", b"\x1b[2 q", b"\x1b[?25l", b"\x1b[6", b"\x1b]0;what?\x07",
    b"\x1b]8;;http://x/?a=1\x1b\\", b"\x1b]4;1;red\x07", b"tabs\tand lines\r\n",
    "h\u00e9\u4e2d".encode(),
)  # fmt: skip


def taken(*said: bytes) -> bytes:
    replay = Replay()
    for payload in said:
        replay.add(payload)
    return replay.take()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_left_out_wherever_it_is_cut(question: bytes) -> None:
    for at in range(len(question)):
        assert taken(b"a" + question[:at], question[at:] + b"b") == b"ab"


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_question_stays(command: bytes) -> None:
    assert taken(b"a", command, b"b") == b"a" + command + b"b"


def test_nothing_is_said_twice() -> None:
    replay = Replay()
    replay.add(b"once")
    assert replay.take() + replay.take() == b"once"


@pytest.mark.parametrize("start", [b"\x1b]", b"\x1b]1;", b"\x1bP$q", b"\x1b[1;", b"\x1b]?;"])
def test_a_ring_full_of_beginnings_is_quickly_read(start: bytes) -> None:
    said = start * (256 * 1024 // len(start))
    assert taken(said) == said
