"""Viewers of one program: what is old to them, whose size counts, and who answers."""

from __future__ import annotations

import os
import socket
import termios
import tty
from collections.abc import Callable, Iterator

import pytest
from tests.unit.monitor.saying import say

from cloche_engine.api.console import (
    NO_SIZE,
    Answer,
    Ended,
    Frame,
    Gap,
    Input,
    Live,
    Output,
    Size,
    decode,
    encode_answer,
    encode_input,
    encode_size,
)
from cloche_engine.monitor.loop import READ, Loop
from cloche_engine.monitor.session import Session

_QUESTION = b"\x1b[6n"


@pytest.fixture
def pty() -> Iterator[tuple[int, int]]:
    """The two ends of a terminal."""
    master, slave = os.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


@pytest.fixture
def slave(pty: tuple[int, int]) -> int:
    """The program's end."""
    return pty[1]


@pytest.fixture
def session(pty: tuple[int, int]) -> Iterator[Session]:
    """A program on a terminal that has asked where the cursor is."""
    master, _ = pty
    loop = Loop()
    loop.open()
    session = Session(loop, -1, master)
    say(session.ring, _QUESTION)
    yield session
    for viewer in session._viewers:
        viewer.link.close()
    loop.close()


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


def test_a_program_is_young_when_its_terminal_opens_however_long_the_spare_waited() -> None:
    loop = Loop()
    waited = Session(loop)
    waited._begun -= 60
    loop.open()
    master, peer = os.openpty()
    waited.open(master)
    say(waited.ring, _QUESTION)
    assert _told(waited) == [Live(), Output(0, _QUESTION)]
    waited.end(Ended(0))
    os.close(peer)
    loop.close()


def test_nobody_waits_for_the_first_viewer_for_minutes(session: Session) -> None:
    session._begun -= 60
    assert _told(session) == [Output(0, _QUESTION), Live()]


def test_what_the_ring_forgot_is_told_before_the_mark(session: Session) -> None:
    _told(session)
    say(session.ring, b"x" * 400_000)
    kinds = [type(frame) for frame in _told(session)]
    assert kinds.index(Live) == len(kinds) - 1


SMALL, LARGE = Size(20, 60), Size(50, 160)


class Window:
    """Someone who looks at a program in a terminal of this size."""

    def __init__(self, session: Session, size: Size) -> None:
        self._session = session
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.settimeout(0)
        session.attach(theirs, size)
        self._viewer = session._viewers[-1]

    def send(self, *packets: bytes) -> None:
        for packet in packets:
            self.link.send(packet)
            self._session._viewer_ready(self._viewer, READ)

    def heard(self) -> list[Frame]:
        frames = []
        while True:
            try:
                frames.append(decode(self.link.recv(40000)))
            except BlockingIOError:
                return frames

    def close(self) -> None:
        self.link.close()
        self._session._viewer_ready(self._viewer, READ)


Look = Callable[[Size], Window]


@pytest.fixture
def look(session: Session) -> Iterator[Look]:
    """Opens windows on the session."""
    windows: list[Window] = []

    def open_window(size: Size) -> Window:
        windows.append(Window(session, size))
        return windows[-1]

    yield open_window
    for window in windows:
        window.link.close()


def _size(session: Session) -> Size:
    rows, columns = termios.tcgetwinsize(session._master)
    return Size(rows, columns)


def test_the_size_follows_the_window_that_is_typed_in(session: Session, look: Look) -> None:
    small, large = look(SMALL), look(LARGE)
    assert _size(session) == LARGE
    assert [each for each in small.heard() if isinstance(each, Size)] == [LARGE]
    small.send(*encode_input(b"ls"))
    assert _size(session) == SMALL
    assert [each for each in large.heard() if isinstance(each, Size)] == [SMALL]
    assert [each for each in small.heard() if isinstance(each, Size)] == [SMALL]
    large.send(*encode_input(b"ls"))
    assert _size(session) == LARGE


def test_a_window_that_is_resized_gives_its_new_size(session: Session, look: Look) -> None:
    small, large = look(SMALL), look(LARGE)
    small.send(encode_size(Size(21, 61)))
    assert _size(session) == Size(21, 61)
    assert Size(21, 61) not in small.heard()
    assert large.heard()[-1] == Size(21, 61)


def test_the_size_goes_back_to_who_remains(session: Session, look: Look) -> None:
    small, large = look(SMALL), look(LARGE)
    large.close()
    assert _size(session) == SMALL
    assert small.heard()[-1] == SMALL
    small.close()
    assert _size(session) == SMALL


def test_who_only_looks_gives_no_size_and_has_that_of_the_others(
    session: Session, look: Look
) -> None:
    small, looking = look(SMALL), look(NO_SIZE)
    looking.send(encode_size(NO_SIZE))
    assert looking.heard()[-1] == SMALL
    assert _size(session) == SMALL
    small.send(encode_size(LARGE))
    assert looking.heard()[-1] == LARGE
    small.close()
    assert _size(session) == LARGE


def test_who_begins_to_only_look_gives_the_lead_back_and_can_have_it_again(
    session: Session, slave: int, look: Look
) -> None:
    small, large = look(SMALL), look(LARGE)
    assert _size(session) == LARGE
    tty.setraw(slave, termios.TCSANOW)
    large.send(encode_size(NO_SIZE))
    assert _size(session) == SMALL
    assert large.heard()[-1] == SMALL
    for window, words in ((large, b"\x1b[2;2R"), (small, b"\x1b[1;1R")):
        window.send(*encode_answer(words))
    assert os.read(slave, 100) == b"\x1b[1;1R"
    large.send(encode_size(LARGE), *encode_answer(b"\x1b[2;2R"))
    assert _size(session) == LARGE
    assert os.read(slave, 100) == b"\x1b[2;2R"


def test_two_windows_that_go_at_once_end_nothing(session: Session, look: Look) -> None:
    windows = [look(Size(20 + each, 60)) for each in range(4)]
    for window in windows[1:]:
        window.link.close()
    say(session.ring, b"more")
    session._serve_all()
    assert len(session._viewers) == 1
    assert Output(len(_QUESTION), b"more") in windows[0].heard()


def test_a_terminals_answer_is_taken_from_the_window_that_is_typed_in_alone(
    session: Session, slave: int, look: Look
) -> None:
    first, second = look(SMALL), look(SMALL)
    tty.setraw(slave, termios.TCSANOW)
    for window, words in ((first, b"\x1b[1;1R"), (second, b"\x1b[2;2R")):
        window.send(*encode_answer(words))
    first.send(*encode_input(b"x"))
    for window, words in ((first, b"\x1b[1;1R"), (second, b"\x1b[2;2R")):
        window.send(*encode_answer(words))
    first.send(*encode_input(b"."))
    heard = b""
    while not heard.endswith(b"."):  # a pty passes on what is written a little later
        heard += os.read(slave, 100)
    assert heard == b"\x1b[2;2Rx\x1b[1;1R."


def test_who_comes_late_is_told_how_much_is_lost_and_what_it_left_switched_on(
    session: Session,
) -> None:
    say(session.ring, b"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?1000l")
    say(session.ring, b"x" * 400_000)
    gap = next(frame for frame in _told(session) if isinstance(frame, Gap))
    assert gap.lost == session.ring.start
    assert gap.modes == b"\x1b[?1049h\x1b[?1006h\x1b[?25l"


def test_answers_and_input_are_frames_of_their_own() -> None:
    assert [decode(each) for each in encode_answer(b"a")] == [Answer(b"a")]
    assert [decode(each) for each in encode_input(b"a")] == [Input(b"a")]


def test_the_end_is_told_to_one_who_typed_too_late(session: Session) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    session.attach(theirs, SMALL)
    with ours:
        for packet in encode_input(b"too late") * 3:
            ours.send(packet)
        session._viewers[-1].tell_end(Ended(3))
        session._serve_all()
        frames = []
        while packet := ours.recv(40000):
            frames.append(decode(packet))
        assert frames[-1] == Ended(3)
        with pytest.raises(BrokenPipeError):
            ours.send(b"I")


def test_the_first_words_go_to_the_viewers_before_anybody_hears_of_them(
    pty: tuple[int, int],
) -> None:
    master, slave = pty
    loop = Loop()
    loop.open()
    session = Session(loop, -1, master)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(0)
    session.attach(theirs, None)
    assert session.awaits_first_words
    seen: list[list[Frame]] = []
    session.when_heard(lambda: seen.append([decode(ours.recv(40000)), decode(ours.recv(40000))]))
    for word in (b"one", b"two"):
        os.write(slave, word)
        session._master_ready(READ)
    assert seen == [[Live(), Output(0, b"one")]]
    ours.close()
    theirs.close()
    loop.close()
