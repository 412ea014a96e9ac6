"""The helper as other programs on the bus see it, well behaved and not."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Message, MessageFlag, MessageType, Variant
from tests.bus import world

from cloche_engine.api.bus import BusEngine
from cloche_engine.api.bus_link import Request, connected
from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import EngineError
from cloche_engine.api.names import BUS_NAME, CONTAINER, CONTAINERS_PATH, MANAGER, ROOT_PATH
from cloche_engine.daemon import introspection
from cloche_engine.daemon.service import MAX_PENDING

pytestmark = pytest.mark.bus

STANDARD = "org.freedesktop.DBus"


@pytest.fixture
async def bus(helper: world.Helper) -> AsyncIterator[Connection]:
    raw = await connected(f"unix:path={helper.directory}/bus")
    yield raw
    raw.disconnect()
    await raw.wait_for_disconnect()  # type: ignore[no-untyped-call]


def call(
    interface: str, member: str, signature: str = "", *body: Any, path: str = ROOT_PATH, **more: Any
) -> Message:
    return Message(BUS_NAME, path, interface, member, signature=signature, body=list(body), **more)


def test_the_installed_contract_is_the_one_that_is_served() -> None:
    file = world.REPOSITORY / "resources/dbus/org.cloche.Engine1.xml"
    assert file.read_text() == introspection.contract()


async def test_a_browser_of_the_bus_finds_every_object(bus: Connection, engine: BusEngine) -> None:
    made = await engine.define(world.shell("one"))
    path, found = "/", ""
    while True:
        reply = await bus.call(call(f"{STANDARD}.Introspectable", "Introspect", path=path))
        node = ET.fromstring(reply.body[0])  # noqa: S314  # our own
        children = [child.attrib["name"] for child in node.findall("node")]
        if not children:
            break
        (child,) = children
        found += f"/{child}"
        path = found
    assert found == f"{CONTAINERS_PATH}/{made.uuid}"
    assert node.find(f"interface[@name='{CONTAINER}']") is not None


def test_busctl_reads_the_tree(helper: world.Helper) -> None:
    words = ["busctl", f"--address=unix:path={helper.directory}/bus", "--no-pager"]
    shown = subprocess.run(
        [*words, "introspect", BUS_NAME, ROOT_PATH], capture_output=True, text=True, check=True
    )
    for member in (".Define", ".Find", ".About", ".GetManagedObjects"):
        assert member in shown.stdout


async def test_property_values_have_the_types_that_introspection_says(
    bus: Connection, engine: BusEngine
) -> None:
    made = await engine.define(world.shell("one"))
    path = f"{CONTAINERS_PATH}/{made.uuid}"
    reply = await bus.call(call(f"{STANDARD}.Properties", "GetAll", "s", CONTAINER, path=path))
    xml = ET.fromstring(introspection.contract())  # noqa: S314  # our own
    declared = {p.attrib["name"]: p.attrib["type"] for p in xml.iter("property")}
    assert {name: value.signature for name, value in reply.body[0].items()} == declared
    one = await bus.call(call(f"{STANDARD}.Properties", "Get", "ss", CONTAINER, "State", path=path))
    assert one.body[0].value == "stopped"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (call(MANAGER, "Nonsense"), "UnknownMethod"),
        (call("org.nobody", "About"), "UnknownMethod"),
        (call(CONTAINER, "Start"), "UnknownMethod"),
        (call(MANAGER, "Define", "s", "<a/>"), "InvalidArgs"),
        (call(CONTAINER, "Start", path=f"{CONTAINERS_PATH}/{'0' * 32}"), "UnknownObject"),
    ],
)
async def test_a_call_that_is_none_gets_a_standard_error(
    bus: Connection, message: Message, error: str
) -> None:
    message.serial = bus.next_serial()
    reply = await bus.call(message)
    assert (reply.message_type, reply.error_name) == (
        MessageType.ERROR,
        f"org.freedesktop.DBus.Error.{error}",
    )


async def test_a_method_is_found_without_its_interface(bus: Connection) -> None:
    reply = await bus.call(Message(BUS_NAME, ROOT_PATH, None, "About"))
    assert reply.message_type is MessageType.METHOD_RETURN


async def test_our_errors_carry_message_hint_and_details(bus: Connection) -> None:
    reply = await bus.call(call(MANAGER, "Define", "ays", b"<domain>\n<x", ""))
    assert reply.error_name == "org.cloche.Engine1.Error.InvalidDefinition"
    message, hint, details = reply.body
    assert message
    assert hint
    assert details["line"] == "2"


async def test_properties_cannot_be_set(bus: Connection) -> None:
    reply = await bus.call(
        call(f"{STANDARD}.Properties", "Set", "ssv", MANAGER, "Name", Variant("s", "x"))
    )
    assert reply.error_name == "org.cloche.Engine1.Error.Refused"


async def test_a_bug_of_the_helper_is_logged_and_not_shown(
    helper: world.Helper, engine: BusEngine
) -> None:
    await engine.define(world.shell("frail"))
    with pytest.raises(EngineError) as caught:
        await engine.logs("frail")
    assert type(caught.value) is EngineError
    assert "secret" not in str(caught.value)
    assert "RuntimeError: a secret of the helper" in helper.log
    assert len(await engine.containers()) == 1


async def test_a_huge_body_is_refused_at_once_and_costs_nobody_else(
    bus: Connection, engine: BusEngine
) -> None:
    huge = {f"key {number}": Variant("u", number) for number in range(300_000)}
    message = call(MANAGER, "Define", "a{sv}", huge)
    sent = asyncio.ensure_future(bus.call(message))
    reply = await sent
    assert reply.error_name == "org.freedesktop.DBus.Error.LimitsExceeded"
    assert await engine.containers() == []


async def test_ten_megabytes_of_xml_are_refused_in_words(
    bus: Connection, engine: BusEngine
) -> None:
    with pytest.raises(EngineError, match="has 10000000 bytes, at most 131072 are read"):
        await engine.define(b" " * 10_000_000)
    reply = await bus.call(call(MANAGER, "Define", "ays", b" " * 10_000_000, ""))
    assert reply.error_name == "org.freedesktop.DBus.Error.LimitsExceeded"


async def test_descriptors_that_nobody_asked_for_are_closed(
    helper: world.Helper, bus: Connection, engine: BusEngine
) -> None:
    await engine.about()
    folder = Path(f"/proc/{helper.process.pid}/fd")
    before = len(list(folder.iterdir()))
    junk = [os.open(os.devnull, os.O_RDONLY) for _ in range(16)]
    for _ in range(100):
        await bus.call(call(MANAGER, "Define", "ah", list(range(16)), unix_fds=junk))
    for number in junk:
        os.close(number)
    async with asyncio.timeout(20):
        while len(list(folder.iterdir())) > before:
            await engine.about()


async def test_consoles_do_not_cost_the_helper_descriptors(
    helper: world.Helper, engine: BusEngine
) -> None:
    await engine.define(world.shell("one"))
    await engine.start("one")
    folder = Path(f"/proc/{helper.process.pid}/fd")
    (await engine.open_console("one", 24, 80)).close()
    await engine.about()
    before = len(list(folder.iterdir()))
    for _ in range(50):
        (await engine.open_console("one", 24, 80)).close()
    async with asyncio.timeout(20):
        while len(list(folder.iterdir())) > before:
            await engine.about()


async def test_a_console_of_no_size_is_refused(engine: BusEngine) -> None:
    await engine.define(world.shell("one"))
    await engine.start("one")
    with pytest.raises(EngineError, match="is no size of a terminal"):
        await engine.open_console("one", 0, 80)


async def test_a_call_without_reply_is_done_silently(bus: Connection, engine: BusEngine) -> None:
    message = call(MANAGER, "Define", "ays", world.shell("quiet"), "")
    message.flags = MessageFlag.NO_REPLY_EXPECTED
    heard = asyncio.Event()
    engine.subscribe(lambda _change: heard.set())
    await bus.send(message)
    await asyncio.wait_for(heard.wait(), 30)
    assert [one.name for one in await engine.containers()] == ["quiet"]


def wait_until_idle(pid: int) -> None:
    while not Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].startswith(" S "):
        time.sleep(0.01)


async def test_one_caller_cannot_pile_up_calls_without_end(
    helper: world.Helper, bus: Connection
) -> None:
    helper.process.send_signal(signal.SIGSTOP)
    calls = [asyncio.ensure_future(bus.call(call(MANAGER, "About"))) for _ in range(100)]
    await bus.call(Message(STANDARD, "/org/freedesktop/DBus", STANDARD, "GetId"))
    wait_until_idle(world.bus_pid(helper.process.pid))  # it has passed them all on then
    helper.process.send_signal(signal.SIGCONT)
    replies = await asyncio.gather(*calls)
    refused = [reply for reply in replies if reply.message_type is MessageType.ERROR]
    assert len(refused) == 100 - MAX_PENDING
    assert {reply.error_name for reply in refused} == {f"{STANDARD}.Error.LimitsExceeded"}


async def test_signals_of_others_are_not_believed(bus: Connection, engine: BusEngine) -> None:
    changes: list[object] = []
    engine.subscribe(changes.append)
    path = f"{CONTAINERS_PATH}/{'1' * 32}"
    await bus.send(
        Message.new_signal(
            ROOT_PATH,
            f"{STANDARD}.ObjectManager",
            "InterfacesAdded",
            "oa{sa{sv}}",
            [path, {CONTAINER: {"Name": Variant("s", "forged")}}],
        )
    )
    await bus.call(call(MANAGER, "About"))
    await engine.define(world.shell("real"))
    assert [getattr(change, "name", "") for change in changes] == ["real"]


async def test_news_that_come_right_behind_a_list_are_not_lost(
    helper: world.Helper, engine: BusEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await connect(helper.target)
    heard = asyncio.Event()
    engine.subscribe(lambda _: heard.set())
    call_as_ever = engine._link.call

    async def slow_to_go_on(request: Request) -> Message:
        reply = await call_as_ever(request)
        if request.member == "GetManagedObjects":
            await other.define(world.shell("late"))
            await asyncio.wait_for(heard.wait(), 30)
        return reply

    monkeypatch.setattr(engine._link, "call", slow_to_go_on)
    assert [container.name for container in await engine.containers()] == ["late"]
    await other.close()


async def test_many_calls_in_flight_are_all_answered(engine: BusEngine) -> None:
    await engine.define(world.shell("one"))
    every = await asyncio.gather(*(engine.container("one") for _ in range(40)))
    assert {one.name for one in every} == {"one"}


async def test_a_call_that_is_given_up_leaks_no_descriptor(engine: BusEngine) -> None:
    await engine.define(world.shell("one"))
    await engine.start("one")
    uuid = (await engine.container("one")).uuid
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(20):
        task = asyncio.ensure_future(engine.open_console(uuid, 24, 80))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(20):
        while len(os.listdir("/proc/self/fd")) > before:  # noqa: PTH208
            await engine.about()
