"""Jobs belong to their caller: nobody else hears of them or ends them, and they go with it."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dbus_fast import Message, MessageType
from tests.bus import world
from tests.bus.test_service import call
from tests.contract.test_templates import archive

from cloche_engine.api.bus_link import connected
from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.names import BUS_NAME, MANAGER, ROOT_PATH

pytestmark = [pytest.mark.bus, pytest.mark.kernel]

ERROR = "org.cloche.Engine1.Error."
BUS = "org.freedesktop.DBus"
LIMIT = 20


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.Helper]:
    folder = tmp_path_factory.mktemp("jobs") / "x"
    with world.helper(folder, words=world.real_helper_words(folder)) as running:
        yield running


class Caller:
    """A connection that hears all that the helper says on this bus."""

    def __init__(self, bus: Connection) -> None:
        self.bus = bus
        self.heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        bus.add_message_handler(self._on_message)

    def _on_message(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member == "JobProgress":
            self.heard.put_nowait((message.body[0], message.body[3]))

    async def listen(self) -> None:
        rule = f"type='signal',sender='{BUS_NAME}'"
        await self.bus.call(
            Message(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", signature="s", body=[rule])
        )

    async def cancel(self, job: str) -> str:
        """Nothing, or the error that it gets."""
        reply = await self.bus.call(call(MANAGER, "CancelJob", "s", job))
        return (reply.error_name or "").removeprefix(ERROR)


class Job:
    """A template that is made of a pipe: under way until `finish` says the rest."""

    def __init__(self, caller: Caller, job: str, name: str, tar: bytes) -> None:
        self._tar = tar
        self._reading, self._writing = os.pipe()
        os.write(self._writing, tar[:1024])
        message = call(
            MANAGER, "AddTemplate", "ssh", job, name, 0, path=ROOT_PATH, unix_fds=[self._reading]
        )
        self.reply = asyncio.ensure_future(caller.bus.call(message))

    def finish(self) -> None:
        os.write(self._writing, self._tar[1024:])
        self.close()

    async def outcome(self) -> str:
        """The template's name, or the error."""
        reply = await asyncio.wait_for(self.reply, LIMIT)
        if reply.message_type is MessageType.ERROR:
            return (reply.error_name or "").removeprefix(ERROR)
        return str(reply.body[0][0])

    def close(self) -> None:
        for number in (self._reading, self._writing):
            if number >= 0:
                os.close(number)
        self._reading = self._writing = -1

    def nobody_reads_within(self, seconds: float) -> bool:
        """Whether the helper lets go of its end, which it does when all of the job is over."""
        os.close(self._reading)
        self._reading = -1
        return _nobody_reads(self._writing, seconds)


def _nobody_reads(pipe: int, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(pipe, 0)  # POLLERR comes unasked when the last reader is gone
    return bool(waiting.poll(seconds * 1000))


@asynccontextmanager
async def caller_on(helper: world.Helper) -> AsyncIterator[Caller]:
    bus = await connected(f"unix:path={helper.directory}/bus")
    caller = Caller(bus)
    await caller.listen()
    yield caller
    bus.disconnect()
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


@pytest.fixture
async def owner(helper: world.Helper) -> AsyncIterator[Caller]:
    async with caller_on(helper) as caller:
        yield caller


@pytest.fixture
async def stranger(helper: world.Helper) -> AsyncIterator[Caller]:
    async with caller_on(helper) as caller:
        yield caller


@pytest.fixture
def tar(tmp_path: Path) -> bytes:
    return archive(tmp_path / "tar", "one", "two", mode="w").read_bytes()


def folders(helper: world.Helper) -> list[str]:
    """Templates, and what becomes one."""
    place = helper.directory / "state/templates"
    return sorted(each.name for each in place.iterdir()) if place.exists() else []


async def remove(caller: Caller, name: str) -> None:
    reply = await caller.bus.call(call(MANAGER, "RemoveTemplate", "s", name))
    assert reply.message_type is MessageType.METHOD_RETURN


async def test_a_second_caller_neither_hears_of_a_job_nor_cancels_it(
    owner: Caller, stranger: Caller, tar: bytes
) -> None:
    """And the control: the owner does both, by the name that a job of the stranger has too."""
    theirs, kept = Job(owner, "job", "theirs", tar), Job(stranger, "job", "kept", tar)
    for caller in (owner, stranger):
        assert (await asyncio.wait_for(caller.heard.get(), LIMIT))[0] == "job"
    assert await stranger.cancel("none") == "NotFound"
    only = Job(owner, "only", "only", tar)
    while (await asyncio.wait_for(owner.heard.get(), LIMIT))[0] != "only":
        assert not only.reply.done()
    assert await stranger.cancel("only") == "NotFound"
    assert await owner.cancel("job") == ""
    assert await theirs.outcome() == "Cancelled"
    kept.finish()
    only.finish()
    assert (await kept.outcome(), await only.outcome()) == ("kept", "only")
    heard = [stranger.heard.get_nowait() for _ in range(stranger.heard.qsize())]
    assert "only" not in {job for job, _ in heard}
    theirs.close()
    for name in ("kept", "only"):
        await remove(owner, name)


async def test_what_a_killed_client_began_is_ended_and_leaves_no_trace(
    helper: world.Helper, owner: Caller, tmp_path: Path, tar: bytes
) -> None:
    """And the control: the job of somebody who stays goes on."""
    staying = Job(owner, "job", "staying", tar)
    await asyncio.wait_for(owner.heard.get(), LIMIT)
    before = folders(helper)
    os.mkfifo(tmp_path / "fifo")
    writing = os.open(tmp_path / "fifo", os.O_RDWR | os.O_CLOEXEC)
    os.write(writing, tar[:1024])
    client = await asyncio.to_thread(_client_at_work, helper, tmp_path / "fifo")
    os.close(os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK))
    only_writing = os.open(tmp_path / "fifo", os.O_WRONLY | os.O_CLOEXEC)
    os.close(writing)
    assert len(folders(helper)) == len(before) + 1
    client.kill()
    client.wait()
    assert await asyncio.to_thread(_nobody_reads, only_writing, LIMIT)
    os.close(only_writing)
    assert folders(helper) == before
    staying.finish()
    assert await staying.outcome() == "staying"
    await remove(owner, "staying")


def _client_at_work(helper: world.Helper, source: Path) -> subprocess.Popen[bytes]:
    """`clochectl template add`, as soon as it shows that something is unpacked."""
    master, slave = pty.openpty()
    words = [sys.executable, "-m", "cloche_engine.cli", "--connect", helper.target]
    client = subprocess.Popen(
        [*words, "template", "add", "gone", str(source)], stderr=slave, stdout=subprocess.DEVNULL
    )
    os.close(slave)
    said = b""
    while b"unpacking" not in said:
        assert select.select([master], [], [], LIMIT)[0], said
        said += os.read(master, 4096)
    os.close(master)
    return client


async def test_a_caller_that_left_before_its_call_was_read_gets_nothing_done(
    helper: world.Helper, owner: Caller, tar: bytes
) -> None:
    """And the control: who sent the same at the same time and stays gets his template."""
    bus = await connected(f"unix:path={helper.directory}/bus")
    helper.process.send_signal(signal.SIGSTOP)
    lost = Job(Caller(bus), "job", "lost", tar)
    await bus.call(Message(BUS, "/org/freedesktop/DBus", BUS, "GetId"))
    bus.disconnect()
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    staying = Job(owner, "job", "staying", tar)
    await owner.bus.call(Message(BUS, "/org/freedesktop/DBus", BUS, "GetId"))
    helper.process.send_signal(signal.SIGCONT)
    assert await asyncio.to_thread(lost.nobody_reads_within, LIMIT)
    staying.finish()
    assert await staying.outcome() == "staying"
    assert folders(helper) == ["staying"]
    lost.close()
    lost.reply.cancel()
    await remove(owner, "staying")
