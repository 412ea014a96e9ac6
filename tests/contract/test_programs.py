"""What every engine promises about further programs in a running container."""

from __future__ import annotations

import asyncio
import os

import pytest
from tests.bus.world import shell
from tests.contract.viewer import Viewer

from cloche_engine.api.client import Engine
from cloche_engine.api.console import encode_signal
from cloche_engine.api.errors import InvalidArgumentError, StartFailedError, WrongStateError
from cloche_engine.api.model import ExecRequest, State


class Pipes:
    """Three pipes for a program, the program's ends closed once it runs."""

    def __init__(self) -> None:
        (self.stdin, self.input), (self.output, self.stdout) = os.pipe(), os.pipe()
        self.errors, self.stderr = os.pipe()
        self.stdio = (self.stdin, self.stdout, self.stderr)

    def started(self) -> None:
        for number in self.stdio:
            os.close(number)

    def feed(self, data: bytes) -> None:
        os.write(self.input, data)
        os.close(self.input)

    async def said(self) -> tuple[bytes, bytes]:
        """All output and all errors."""
        every = []
        for number in (self.output, self.errors):
            with os.fdopen(number, "rb") as file:
                every.append(await asyncio.to_thread(file.read))
        return every[0], every[1]


async def _run(
    engine: Engine, ref: str, argv: tuple[str, ...], fed: bytes = b""
) -> tuple[int, bytes]:
    pipes = Pipes()
    viewer = Viewer(await engine.exec(ref, ExecRequest(argv, stdio=pipes.stdio)))
    pipes.started()
    pipes.feed(fed)
    said, _ = await pipes.said()
    ended = await viewer.end()
    viewer.close()
    return ended.code, said


@pytest.mark.parametrize(
    ("argv", "fed", "outcome"),
    [
        (("/bin/echo", "two", "words"), b"", (0, b"two words\n")),
        (("/bin/cat",), b"fed\0in", (0, b"fed\0in")),
        (("/bin/false",), b"", (1, b"")),
        (("/bin/sh", "-c", "exit 42"), b"", (42, b"")),
    ],
)
async def test_a_further_program_runs_with_pipes(
    engine: Engine, running: str, argv: tuple[str, ...], fed: bytes, outcome: tuple[int, bytes]
) -> None:
    assert await _run(engine, running, argv, fed) == outcome


async def test_a_further_program_runs_on_a_terminal(engine: Engine, running: str) -> None:
    link = await engine.exec(running, ExecRequest(("/bin/sh",), terminal=True, rows=30, columns=90))
    viewer = Viewer(link)
    viewer.enter("echo on a ter''minal\r")
    await viewer.until(b"on a terminal\r\n")
    viewer.enter("exit 5\r")
    assert (await viewer.end()).code == 5
    viewer.close()
    assert (await engine.container(running)).state is State.RUNNING


async def test_a_signal_ends_a_further_program(engine: Engine, running: str) -> None:
    link = await engine.exec(running, ExecRequest(("/bin/sh",), terminal=True))
    viewer = Viewer(link)
    viewer.link.send(encode_signal(9))
    assert (await viewer.end()).code == 128 + 9
    viewer.close()


async def test_an_unknown_program_is_refused(engine: Engine, running: str) -> None:
    pipes = Pipes()
    with pytest.raises(StartFailedError) as caught:
        await engine.exec(running, ExecRequest(("/no/such",), stdio=pipes.stdio))
    assert "/no/such" in caught.value.message
    pipes.started()
    for number in (pipes.input, pipes.output, pipes.errors):
        os.close(number)


@pytest.mark.parametrize("request_", [ExecRequest(()), ExecRequest(("/bin/true",))])
async def test_a_program_without_words_or_without_pipes_is_refused(
    engine: Engine, running: str, request_: ExecRequest
) -> None:
    with pytest.raises(InvalidArgumentError):
        await engine.exec(running, request_)


async def test_nothing_runs_in_what_does_not_run(engine: Engine) -> None:
    await engine.define(shell("one"))
    with pytest.raises(WrongStateError):
        await engine.exec("one", ExecRequest(("/bin/sh",), terminal=True))
