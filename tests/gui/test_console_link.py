"""The console's socket: all bytes in order, input that waits, and one end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from cloche_engine.api import console
from cloche_gui.services.console import MAX_BACKLOG, ConsoleLink

pytestmark = pytest.mark.screen

Pair = tuple[ConsoleLink, socket.socket]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link = ConsoleLink(ours)
    theirs.settimeout(0)
    yield link, theirs
    link.close()
    theirs.close()


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - Qt has no event for it
            await asyncio.sleep(0.002)


async def test_output_arrives_whole_and_in_order_before_the_end(pair: Pair) -> None:
    link, monitor = pair
    said: list[bytes] = []
    ends: list[tuple[int, bool]] = []
    link.output.connect(lambda output, _: said.append(output))
    link.ended.connect(lambda code, memory: ends.append((code, memory)))

    for number in range(50):
        monitor.send(console.encode_output(console.Output(number * 4, b"%03d " % number)))
    monitor.send(console.encode_output(console.Ended(137, out_of_memory=True)))

    await _until(lambda: ends)
    assert b"".join(said) == b"".join(b"%03d " % number for number in range(50))
    assert ends == [(137, True)]
    assert not link.is_open


async def test_input_for_a_program_that_does_not_read_waits_and_is_not_lost(pair: Pair) -> None:
    link, monitor = pair
    typed = bytes(range(256)) * 2000
    got = bytearray()

    link.send(typed)

    def read_some() -> bool:
        try:
            frame = console.decode(monitor.recv(console.MAX_FRAME))
        except BlockingIOError:
            return False
        assert isinstance(frame, console.Input)
        got.extend(frame.payload)
        return len(got) == len(typed)

    await _until(read_some)
    assert bytes(got) == typed


async def test_a_monitor_that_vanishes_closes_the_link(pair: Pair) -> None:
    link, monitor = pair
    closed: list[bool] = []
    link.closed.connect(lambda: closed.append(True))

    monitor.close()

    await _until(lambda: closed)
    link.send(b"nobody hears this")


async def test_a_frame_that_is_none_closes_the_link_instead_of_the_window(pair: Pair) -> None:
    link, monitor = pair
    closed: list[bool] = []
    link.closed.connect(lambda: closed.append(True))

    monitor.send(b"O\x00")

    await _until(lambda: closed)


async def test_what_was_said_before_the_mark_is_old_and_what_follows_is_not(pair: Pair) -> None:
    link, monitor = pair
    said: list[tuple[bytes, bool]] = []
    link.output.connect(lambda output, is_old: said.append((output, is_old)))

    for frame in (console.Output(0, b"be"), console.Output(2, b"fore"), console.Live()):
        monitor.send(console.encode_output(frame))
    monitor.send(console.encode_output(console.Output(6, b"now")))

    await _until(lambda: len(said) == 2)
    assert said == [(b"before", True), (b"now", False)]


async def test_nothing_is_read_while_the_terminal_has_enough_to_do() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    waiting, asked = [0], [0]

    def backlog() -> int:
        asked[0] += 1
        return waiting[0]

    link = ConsoleLink(ours, backlog=backlog)
    said: list[bytes] = []
    link.output.connect(lambda output, _: said.append(output))
    theirs.send(console.encode_output(console.Output(0, b"one")))
    await _until(lambda: said)

    waiting[0] = MAX_BACKLOG + 1
    theirs.send(console.encode_output(console.Output(3, b"two")))
    before = asked[0]
    await _until(lambda: asked[0] > before + 5)
    assert said == [b"one"]

    waiting[0] = 0
    await _until(lambda: said == [b"one", b"two"])
    link.close()
    theirs.close()


async def test_the_end_is_heard_although_something_was_typed_too_late(pair: Pair) -> None:
    link, monitor = pair
    said: list[bytes] = []
    ends: list[int] = []
    link.output.connect(lambda output, _: said.append(output))
    link.ended.connect(lambda code, _: ends.append(code))
    link.closed.connect(lambda: ends.append(-1))

    link.send(b"too late")
    monitor.send(console.encode_output(console.Output(0, b"bye")))
    monitor.send(console.encode_output(console.Ended(3)))
    monitor.close()

    await _until(lambda: ends)
    assert (said, ends) == ([b"bye"], [3])
