"""A helper or a bus that is stopped: its callers are told which process, and wait no longer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.bus import world
from tests.contract.test_templates import archive

from cloche_engine.api import bus_pulse, bus_socket, private_start
from cloche_engine.api.bus import BusEngine
from cloche_engine.api.bus_pulse import Pulse
from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import UnavailableError

pytestmark = pytest.mark.bus

LIMIT = 20


@pytest.fixture(autouse=True)
def _asks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_pulse, "EVERY", 0.1)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def listed(helper: world.Helper) -> tuple[int | None, str]:
    """Exit status and errors of `clochectl list`."""
    words = ["-m", "cloche_engine.cli", "--connect", helper.target, "list"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), 2 * LIMIT)
    return process.returncode, errors.decode()


async def test_who_calls_a_stopped_helper_hears_its_pid(
    helper: world.Helper, engine: BusEngine
) -> None:
    """And the control: the same calls are answered when it goes on."""
    words = f"cloched does not answer: process {helper.process.pid} is stopped"
    with stopped(helper.process.pid):
        command = asyncio.ensure_future(listed(helper))
        with pytest.raises(UnavailableError, match=words) as told:
            await asyncio.wait_for(engine.containers(), LIMIT)
        assert f"kill -CONT {helper.process.pid}" in told.value.hint
        status, errors = await command
    assert status == 1
    assert words in errors
    assert errors.count("\n") == 1
    assert await engine.containers() == []
    assert await listed(helper) == (0, "")


async def test_who_calls_over_a_stopped_bus_hears_its_pid(
    helper: world.Helper, engine: BusEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the control: the same call is answered when it goes on."""
    pid = world.bus_pid(helper.process.pid)
    with stopped(pid):
        words = f"the message bus does not answer: process {pid} is stopped"
        with pytest.raises(UnavailableError, match=words):
            await asyncio.wait_for(engine.containers(), LIMIT)
        monkeypatch.setattr(bus_socket, "AUTH_PATIENCE", 0.1)
        with pytest.raises(UnavailableError, match="the message bus does not answer"):
            await asyncio.wait_for(connect(helper.target), LIMIT)
    assert await engine.containers() == []


async def test_who_starts_a_helper_that_is_stopped_hears_its_pid_and_control_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_start, "LOOK", 0.1)
    pid_file = tmp_path / "pid"

    def stops(directory: Path) -> list[str]:
        """The helper's own command, in a process that stops itself before."""
        script = 'echo $$ >"$0"; kill -STOP $$; exec "$@"'
        return ["sh", "-c", script, str(pid_file), *world.helper_words(directory)]

    with pytest.raises(UnavailableError, match=r"being started .* is stopped") as told:
        await asyncio.wait_for(private_start.start_helper(tmp_path / "x", stops), LIMIT)
    pid = int(pid_file.read_text())
    assert f"kill -CONT {pid}" in told.value.hint

    os.kill(pid, signal.SIGCONT)
    engine = await _connected(tmp_path / "x")
    assert await engine.containers() == []
    await engine.close()
    os.kill(pid, signal.SIGTERM)
    await asyncio.to_thread(world.gone, pid)


async def _connected(directory: Path) -> Engine:
    """The engine there, as soon as it serves; nothing is started for that."""

    def never(_directory: Path) -> list[str]:
        return ["false"]

    async with asyncio.timeout(LIMIT):
        while True:
            try:
                return await connect(f"private:{directory}", command=never)
            except UnavailableError:
                await asyncio.sleep(0.05)


async def test_a_long_call_is_waited_for_while_the_helper_answers(
    engine: BusEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()
    ask_as_ever = Pulse._ask

    async def counted(pulse: Pulse, destination: str) -> None:
        await ask_as_ever(pulse, destination)
        asked.put_nowait(destination)

    monkeypatch.setattr(Pulse, "_ask", counted)
    tar = archive(tmp_path / "tar", "one", mode="w").read_bytes()
    reading, writing = os.pipe()
    job = asyncio.ensure_future(engine.templates.add("small", reading))
    for _ in range(3):
        await asyncio.wait_for(asked.get(), LIMIT)
    os.write(writing, tar)
    os.close(writing)
    assert (await asyncio.wait_for(job, LIMIT)).name == "small"
    os.close(reading)
