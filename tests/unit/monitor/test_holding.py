"""Who a program waits for: a viewer that reads loses nothing, and nobody else holds it up."""

from __future__ import annotations

import math
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from cloche_engine.api.console import MAX_FRAME, Ended, Frame, Gap, Live, Output, Size, decode
from cloche_engine.monitor.loop import READ, Loop
from cloche_engine.monitor.patience import LONGEST, PACE, Patience
from cloche_engine.monitor.ring import PROGRAM_CAPACITY, Ring
from cloche_engine.monitor.session import Session

SAID = 20_000_000
STEADY = 1e6
"""Seconds of patience that no machine is slow enough to use up."""


@dataclass
class Reader:
    """A viewer, and what it has been told."""

    session: Session
    patience: Patience
    frames: int = 0
    seen: int = 0
    lost: int = 0
    ended: bool = False
    last: bytes = b""
    link: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.settimeout(0)
        self.session.attach(theirs, Size(24, 80))
        self.session._viewers[-1].patience = self.patience

    def read(self) -> Frame | None:
        """One packet, where there is one."""
        try:
            frame = decode(self.link.recv(MAX_FRAME))
        except BlockingIOError:
            return None
        match frame:
            case Output(number, payload):
                assert number == self.seen + self.lost
                self.seen += len(payload)
                self.last = payload
            case Gap(lost):
                self.lost += lost
            case Ended():
                self.ended = True
            case _:
                assert isinstance(frame, Live)
        return frame

    def drain(self) -> None:
        """All that waits for it."""
        while not self.ended and self.read() is not None:
            pass


class Talk:
    """A program that says 20 MB on a terminal which a session reads, as in a monitor."""

    def __init__(self, capacity: int) -> None:
        self.loop = Loop()
        self.loop.open()
        self.has_ended = False
        self.held = 0
        master, slave = os.openpty()
        self.session = Session(self.loop, -1, master, ring=Ring(capacity))
        self._readers: list[Reader] = []
        words = f"stty raw; yes | head -c {SAID - 4}; printf last"
        self._program = subprocess.Popen(
            ["/bin/sh", "-c", words], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL
        )
        os.close(slave)
        self._pidfd = os.pidfd_open(self._program.pid)
        self.loop.watch(self._pidfd, READ, self._ended)

    def look(self, patience: float) -> Reader:
        """Somebody looks at it."""
        self._readers.append(Reader(self.session, Patience(patience)))
        return self._readers[-1]

    def turn(self) -> None:
        """One turn of the monitor's loop."""
        self.loop._turn()
        self.held += self.session._holding.is_on

    def until(self, done: Callable[[], bool]) -> None:
        """Turns, as many as it takes."""
        while not done():
            self.turn()

    def _ended(self, _: int) -> None:
        self.loop.forget(self._pidfd)
        self.has_ended = True
        self.session.end(Ended(0))

    def close(self) -> None:
        """Leave nothing of it."""
        for reader in self._readers:
            reader.link.close()
        for viewer in self.session._viewers:
            viewer.link.close()
        if not self.has_ended:
            self.session.end(Ended(0))
        self._program.wait(60)  # its terminal is gone: it writes into nothing
        os.close(self._pidfd)
        self.loop.close()


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> Iterator[Talk]:
    """The program, with the ring of a container unless a test says another."""
    talk = Talk(getattr(request, "param", 256 * 1024))
    yield talk
    talk.close()


@pytest.mark.parametrize("talk", [256 * 1024, PROGRAM_CAPACITY], indirect=True)
def test_who_reads_too_slowly_gets_every_byte_to_the_last(talk: Talk) -> None:
    reader = talk.look(STEADY)
    while not reader.ended:
        if talk.session.is_watched:
            talk.turn()
        if talk.session._holding.is_on or talk.has_ended:
            reader.drain()
    assert (reader.seen, reader.lost) == (SAID, 0)
    assert reader.last.endswith(b"last")
    assert talk.held > 20


def test_of_several_the_slowest_that_reads_is_waited_for(talk: Talk) -> None:
    quick, slow = talk.look(STEADY), talk.look(STEADY)
    while not (quick.ended and slow.ended):
        if talk.session.is_watched:
            talk.turn()
        quick.drain()
        if talk.session._holding.is_on or talk.has_ended:
            slow.drain()
    assert (quick.seen, quick.lost) == (SAID, 0)
    assert (slow.seen, slow.lost) == (SAID, 0)


def test_who_stopped_reading_does_not_stop_the_program(talk: Talk) -> None:
    stopped = talk.look(LONGEST)
    talk.until(lambda: talk.has_ended)
    while not stopped.ended:
        stopped.drain()
        talk.session._serve_all()
    assert stopped.seen + stopped.lost == SAID
    assert stopped.lost > SAID // 2
    assert stopped.last.endswith(b"last")


def test_without_an_end_of_patience_it_would(talk: Talk) -> None:
    talk.look(math.inf)
    talk.until(lambda: talk.session._holding.is_on)
    said = talk.session.ring.end
    for _ in range(10):
        talk.turn()
    assert not talk.has_ended
    assert talk.session.ring.end == said < SAID


def test_who_reads_a_little_now_and_then_does_not_hold_it_up_for_ever(talk: Talk) -> None:
    trickling = talk.look(LONGEST)
    turns = 0
    while not talk.has_ended:
        talk.turn()
        turns += talk.session._holding.is_on
        if turns and turns % 4 == 0:
            turns = 0
            trickling.read()
    assert trickling.seen < SAID // 2


def test_a_program_is_held_for_as_long_as_the_viewer_has_taken_bytes_for() -> None:
    patience = Patience()

    def is_left_after(taken: int) -> bool:
        patience.take(taken)
        return patience.is_left

    patience.spend(LONGEST)
    assert not is_left_after(0)
    assert not is_left_after(int(PACE * LONGEST) - 1)
    assert is_left_after(1)
    assert is_left_after(100 * PACE)
    patience.spend(LONGEST)
    assert not is_left_after(0)
