"""How a container ended is what the kernel says, whatever it writes of that where it can write."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, receive

from cloche_engine.api.console import Ended, Output, decode, encode_output
from cloche_engine.api.model import End
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.launch import LaunchFailedError
from cloche_engine.monitor.launched import Launched
from cloche_engine.monitor.record import Ending
from cloche_engine.sandbox.operation import Blame

pytestmark = pytest.mark.kernel

BLAME = Blame("forged", "Execute", 0, "by the container")
RECORD = json.dumps({"event": "ended", **Ending(0, out_of_memory=True, at=1.0).fields()})
FRAME = encode_output(Ended(0))
WORDS = (b"E" + BLAME.to_json(), RECORD.encode(), FRAME)
"""What the monitor, the helper and a viewer believe of those who may say it."""
LEAKED = 40


def forging(code: int) -> str:
    """Say it on the standard output and on each further descriptor that it has; end with a code.

    The shell itself keeps its own from 10 on while it redirects.
    """
    every = " ".join("'" + "".join(f"\\{byte:03o}" for byte in word) + "'" for word in WORDS)
    numbers = " ".join(map(str, (*range(3, 10), *range(20, 64))))
    return (
        f'exec 2>/dev/null; for word in {every}; do printf "$word"; '
        f'for at in {numbers}; do printf "$word" >&$at && echo into $at; done; done; exit {code}'
    )


async def seen_by_viewer(link: socket.socket) -> tuple[bytes, Ended]:
    """What a viewer is shown, and the end that it is told."""
    said = b""
    while True:
        frame = decode(await receive(link))
        if isinstance(frame, Output):
            said += frame.payload
        if isinstance(frame, Ended):
            return said, frame


async def test_an_init_cannot_forge_how_it_ended(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", f"read x; {forging(7)}"))
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 200) as viewer:
        viewer.send(b"I\n")
        said, told = await seen_by_viewer(viewer)
    assert RECORD.encode() in said
    assert FRAME in said
    assert b"into" not in said
    assert told == Ended(7)
    container = await box.ended()
    assert (container.ended, container.exit_code, container.error) == (End.EXIT, 7, "")
    kept = json.loads(box.engine.places.exit_record(box.uuid).read_text())
    assert (kept["code"], kept["out_of_memory"]) == (7, False)
    assert abs(kept["at"] - time.time()) < 60


async def test_a_program_that_enters_cannot_forge_how_it_ended(box: Box) -> None:
    code, said = await box.status(forging(9))
    assert code == 9
    assert RECORD in said
    assert "into" not in said


def test_what_is_forged_is_believed_where_the_link_stays_open() -> None:
    """The control: the same program with what a child has until its program begins."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            leaked = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, LEAKED)
        shell = [shutil.which("busybox") or "/bin/busybox", "sh", "-c", forging(7)]
        process = subprocess.Popen(shell, pass_fds=[leaked], stdout=subprocess.PIPE)
        os.close(leaked)
        with process:
            said, _ = process.communicate(timeout=20)
        assert f"into {leaked}".encode() in said
        launched = Launched()
        launched.child = Child(0, -1, [], ours, Group(detect(), "nowhere"), {})
        with pytest.raises(LaunchFailedError) as believed:
            launched.hear()
    assert believed.value.fields["text"] == BLAME.text
