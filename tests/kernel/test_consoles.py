"""A console of the real engine: what is kept of it, whose size it has, and who may block it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, read_until, receive, type_in

from cloche_engine.api.console import Frame, Gap, Live, Output, decode, encode_size
from cloche_engine.api.console import Size as Cells

pytestmark = pytest.mark.kernel

LINE = b"%07d the quick brown container jumps over the lazy host\n"
LINES = 20_000
BUFFER = 64


@pytest.fixture
async def talker(define: Define, root: Path) -> Box:
    """A shell that keeps 64 KiB of its console; /lines are a megabyte to show."""
    (root / "lines").write_bytes(b"".join(LINE % number for number in range(LINES)))
    (root / "done").touch()
    (root / "done").chmod(0o666)
    around = f"<console_buffer unit='KiB'>{BUFFER}</console_buffer>"
    box = await define(root=root, around=around)
    await box.start()
    return box


async def frames_until(link: socket.socket, words: bytes) -> list[Frame]:
    """All that is told until these words have been said."""
    frames: list[Frame] = []
    said = b""
    while words not in said:
        frames.append(decode(await receive(link)))
        if isinstance(frames[-1], Output):
            said = said[-len(words) :] + frames[-1].payload
    return frames


async def test_a_viewer_that_does_not_read_blocks_nobody_and_is_told_what_it_missed(
    talker: Box,
) -> None:
    stopped = await talker.engine.open_console(talker.uuid, 24, 80)
    typing = await talker.engine.open_console(talker.uuid, 24, 80)
    with stopped, typing:
        type_in(typing, "cat /lines; echo all''-shown\n")
        await frames_until(typing, b"all-shown")
        at, missed = 0, 0
        for frame in await frames_until(stopped, b"all-shown"):
            if isinstance(frame, Gap):
                missed += frame.lost
                at += frame.lost
            if isinstance(frame, Output):
                assert frame.seq == at
                at += len(frame.payload)
        assert missed > LINES * len(LINE % 0) // 2


async def test_who_comes_late_sees_the_end_and_how_much_came_before(talker: Box) -> None:
    with await talker.engine.open_console(talker.uuid, 24, 80) as link:
        type_in(link, "cat /lines; echo all''-shown\n")
        await frames_until(link, b"all-shown")
    with await talker.engine.open_console(talker.uuid, 24, 80) as late:
        frames = [decode(await receive(late))]
        while not isinstance(frames[-1], Live):
            frames.append(decode(await receive(late)))
    outputs = [frame for frame in frames if isinstance(frame, Output)]
    kept = b"".join(frame.payload for frame in outputs)
    assert frames[0] == Gap(outputs[0].seq)
    assert BUFFER * 1024 <= len(kept) <= BUFFER * 1024 * 1.25 + 2048
    assert kept.startswith(LINE.rstrip() % int(kept[:7]))


async def test_the_log_keeps_the_boot_and_the_end_within_its_bounds(
    talker: Box, tmp_path: Path
) -> None:
    with await talker.engine.open_console(talker.uuid, 24, 80) as link:
        type_in(link, "echo first''-words; cat /lines; echo last''-words; exit\n")
        await frames_until(link, b"last-words")
    await talker.ended()
    log = await talker.engine.logs(talker.uuid)
    assert log == (tmp_path / f"state/logs/{talker.uuid}.log").read_bytes()
    assert b"first-words" in log[:1000]
    assert b"last-words" in log[-1000:]
    assert b" bytes were not kept ]" in log
    assert len(log) < BUFFER * 1024 * 1.25 + 40_000
    with await talker.engine.open_console(talker.uuid, 24, 80) as link:
        shown = await frames_until(link, b"last-words")
    assert b"".join(frame.payload for frame in shown if isinstance(frame, Output)) in log


async def test_a_log_longer_than_a_socket_holds_is_shown_whole(define: Define, root: Path) -> None:
    (root / "lines").write_bytes(b"".join(LINE % number for number in range(LINES * 2)))
    program = ("/bin/sh", "-c", "cat /lines; echo last''-words")
    around = "<console_buffer unit='MiB'>16</console_buffer>"
    box = await define(root=root, program=program, around=around)
    await box.start()
    await box.ended()
    shown = await box.said()
    assert len(shown) > 2 << 20
    assert shown.encode() == await box.engine.logs(box.uuid)
    unread = await box.engine.open_console(box.uuid, 24, 80)
    with unread:
        assert (await asyncio.wait_for(box.now(), 20)).exit_code == 0


async def test_the_program_has_the_size_of_the_console_that_is_typed_in(box: Box) -> None:
    small = await box.engine.open_console(box.uuid, 20, 60)
    large = await box.engine.open_console(box.uuid, 50, 160)
    with small, large:
        await receive(large)  # it is there, and has given its size
        type_in(small, "stty size\n")
        await read_until(small, "20 60")
        type_in(large, "stty size\n")
        await read_until(large, "50 160")
        small.send(encode_size(Cells(21, 61)))
        type_in(small, "stty size\n")
        await read_until(small, "21 61")
    with await box.engine.open_console(box.uuid, 30, 90) as again:
        type_in(again, "stty size\n")
        await read_until(again, "30 90")
