"""Which output a viewer is told to be old: what nobody waits any more to hear answered."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from cloche_engine.api.console import Frame, Live, Output, decode
from cloche_engine.monitor.loop import Loop
from cloche_engine.monitor.session import Session

_QUESTION = b"\x1b[6n"


@pytest.fixture
def session() -> Iterator[Session]:
    """A program on a terminal that has asked where the cursor is."""
    master, slave = os.openpty()
    session = Session(Loop(), -1, master)
    session.ring.write(_QUESTION)
    yield session
    for viewer in session._viewers:
        viewer.link.close()
    os.close(master)
    os.close(slave)


def _told(session: Session) -> list[Frame]:
    """What a viewer is told who comes now, and reads as fast as it is told."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    session.attach(theirs, None)
    ours.settimeout(0)
    frames: list[Frame] = []
    with ours:
        while True:
            try:
                frames.append(decode(ours.recv(40000)))
            except BlockingIOError:
                return frames
            session._viewers[-1].flush()


def test_the_first_viewer_of_a_program_that_just_began_is_the_one_to_answer(
    session: Session,
) -> None:
    assert _told(session) == [Live(), Output(0, _QUESTION)]


def test_a_second_viewer_has_nothing_to_answer(session: Session) -> None:
    _told(session)
    assert _told(session) == [Output(0, _QUESTION), Live()]


def test_nobody_waits_for_the_first_viewer_for_minutes(session: Session) -> None:
    session._begun -= 60
    assert _told(session) == [Output(0, _QUESTION), Live()]


def test_what_the_ring_forgot_is_told_before_the_mark(session: Session) -> None:
    _told(session)
    session.ring.write(b"x" * 400_000)
    kinds = [type(frame) for frame in _told(session)]
    assert kinds.index(Live) == len(kinds) - 1
