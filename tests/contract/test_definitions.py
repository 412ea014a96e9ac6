"""What every engine promises about definitions."""

from __future__ import annotations

import asyncio

import pytest
from tests.bus.world import shell

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import (
    ConflictError,
    InvalidDefinitionError,
    NameTakenError,
    NotFoundError,
    WrongStateError,
)
from cloche_engine.api.model import Change, Removed, State


async def test_a_new_engine_has_no_containers(engine: Engine) -> None:
    assert await engine.containers() == []


async def test_a_definition_comes_back_with_a_uuid_and_every_other_byte(engine: Engine) -> None:
    made = await engine.define(shell("one"))
    stored = await engine.definition("one")
    assert made.state is State.STOPPED
    assert made.uuid.encode() in stored.text.replace(b"-", b"")
    lines = stored.text.splitlines(keepends=True)
    without_uuid = b"".join(line for line in lines if b"<uuid>" not in line)
    assert without_uuid == shell("one")


async def test_containers_are_sorted_by_name(engine: Engine) -> None:
    for name in ("c", "a", "b"):
        await engine.define(shell(name))
    assert [one.name for one in await engine.containers()] == ["a", "b", "c"]


async def test_a_container_is_found_by_name_and_by_uuid_however_it_is_written(
    engine: Engine,
) -> None:
    made = await engine.define(shell("one"))
    uuid = made.uuid
    dashed = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
    for ref in ("one", uuid, uuid.upper(), dashed):
        assert (await engine.container(ref)).uuid == uuid


async def test_a_name_is_taken_only_once(engine: Engine) -> None:
    await engine.define(shell("one"))
    with pytest.raises(NameTakenError) as caught:
        await engine.define(shell("one"))
    assert "'one'" in caught.value.message
    assert caught.value.hint
    assert len(await engine.containers()) == 1


async def test_a_uuid_is_taken_only_once(engine: Engine) -> None:
    await engine.define(shell("one"))
    copy = (await engine.definition("one")).text.replace(b">one<", b">two<")
    with pytest.raises(NameTakenError):
        await engine.define(copy)


async def test_a_save_with_the_right_etag_changes_the_container(engine: Engine) -> None:
    made = await engine.define(shell("one"))
    stored = await engine.definition("one")
    renamed = stored.text.replace(b">one<", b">uno<")
    changed = await engine.define(renamed, stored.etag)
    assert (changed.uuid, changed.name) == (made.uuid, "uno")
    now = await engine.definition("uno")
    assert now.text == renamed
    assert now.etag != stored.etag
    with pytest.raises(NotFoundError):
        await engine.container("one")


async def test_a_save_with_an_old_etag_is_refused_and_loses_nothing(engine: Engine) -> None:
    await engine.define(shell("one"))
    mine = await engine.definition("one")
    theirs = mine.text.replace(b"<!-- mine -->", b"<!-- theirs -->")
    await engine.define(theirs, mine.etag)
    with pytest.raises(ConflictError) as caught:
        await engine.define(mine.text.replace(b"mine", b"late"), mine.etag)
    stored = await engine.definition("one")
    assert stored.text == theirs
    assert caught.value.details["etag"] == stored.etag


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<domain",
        b"\xff\xfe\x00",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><domain type='linuxcontainer'>&b;</domain>",
        b"<domain type='linuxcontainer'><name>x</name></domain>",
        shell("x") + b" " * 10_000_000,
    ],
    ids=["empty", "cut", "binary", "doctype", "no application", "ten megabytes"],
)
async def test_what_is_no_definition_is_refused_in_words(engine: Engine, text: bytes) -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        await engine.define(text)
    assert caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert await engine.containers() == []


async def test_the_place_of_a_mistake_is_told(engine: Engine) -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        await engine.define(shell("one").replace(b"<application>", b"<application"))
    assert caught.value.details["line"] == "5"
    assert int(caught.value.details["column"]) > 0


async def test_every_mistake_is_told(engine: Engine) -> None:
    wrong = b"<memory>much</memory>\n<cpushare>1</cpushare></domain>"
    with pytest.raises(InvalidDefinitionError) as caught:
        await engine.define(shell("one").replace(b"</domain>", wrong))
    first, second = caught.value.details["problems"].splitlines()
    line, column = caught.value.details["line"], caught.value.details["column"]
    assert first.startswith(f"definition:{line}:{column}: error: memory: ")
    assert ": error: cpushare: " in second
    assert caught.value.message.endswith("(and 1 more)")


async def test_a_running_container_is_not_removed(engine: Engine, running: str) -> None:
    with pytest.raises(WrongStateError):
        await engine.undefine(running)
    assert (await engine.container(running)).state is State.RUNNING


async def test_a_removed_container_is_gone_and_subscribers_hear_it(engine: Engine) -> None:
    made = await engine.define(shell("one"))
    changes: list[Change] = []
    engine.subscribe(changes.append)
    await engine.undefine("one")
    assert await engine.containers() == []
    with pytest.raises(NotFoundError):
        await engine.definition("one")
    await engine.define(shell("next"))
    assert changes[0] == Removed(made.uuid)


@pytest.mark.parametrize(
    "method",
    ["container", "definition", "undefine", "start", "stop", "kill", "pause", "resume", "restart",
     "logs", "stats", "explain", "processes"],
)  # fmt: skip
async def test_an_unknown_name_is_told_by_every_method(engine: Engine, method: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await getattr(engine, method)("nobody")
    assert "nobody" in caught.value.message
    assert caught.value.hint


async def test_shares_host_network_is_told(engine: Engine) -> None:
    assert not (await engine.define(shell("one"))).shares_host_network
    host = shell("two").replace(b"</container>", b"<interface type='host'/></container>")
    assert (await engine.define(host)).shares_host_network


async def test_subscribers_hear_a_new_name_of_the_same_container(engine: Engine) -> None:
    changes: asyncio.Queue[Change] = asyncio.Queue()
    made = await engine.define(shell("one"))
    stored = await engine.definition(made.uuid)
    engine.subscribe(changes.put_nowait)
    await engine.define(stored.text.replace(b">one<", b">two<"), stored.etag)
    async with asyncio.timeout(20):
        while getattr(heard := await changes.get(), "name", "") != "two":
            pass
    assert heard.uuid == made.uuid


async def test_subscribers_hear_every_save_also_of_what_they_are_not_shown(engine: Engine) -> None:
    changes: asyncio.Queue[Change] = asyncio.Queue()
    made = await engine.define(shell("one"))
    stored = await engine.definition(made.uuid)
    assert made.etag == stored.etag
    engine.subscribe(changes.put_nowait)
    limited = stored.text.replace(b"</domain>", b"<memory>65536</memory></domain>")
    saved = await engine.define(limited, stored.etag)
    async with asyncio.timeout(20):
        while getattr(await changes.get(), "etag", "") != saved.etag:
            pass
    assert saved.etag != stored.etag


async def test_one_that_does_not_run_holds_no_address(engine: Engine) -> None:
    own = b"<interface type='bridge'><source bridge='none-such'/>"
    own += b"<ip address='10.9.0.5' prefix='24'/>"
    text = shell("one").replace(b"</container>", own + b"</interface></container>")
    container = await engine.define(text)
    assert (container.addresses, container.static_addresses) == ((), ("10.9.0.5/24",))


async def test_whose_network_it_is_in_is_told(engine: Engine) -> None:
    assert (await engine.define(shell("one"))).network_of == ""
    uri = b"http://libvirt.org/schemas/domain/lxc/1.0"
    for how, value, said in (
        (b"name", b"one", "the container one"),
        (b"netns", b"red", "the namespace red"),
        (b"pid", b"4242", "the process 4242"),
    ):
        shared = b"<l:sharenet type='%s' value='%s'/></l:namespace></domain>" % (how, value)
        around = b"<l:namespace xmlns:l='%s'>%s" % (uri, shared)
        named = shell(f"with-{how.decode()}").replace(b"</domain>", around)
        container = await engine.define(named)
        assert (container.network_of, container.shares_host_network) == (said, False)


async def test_shares_host_root_is_told(engine: Engine) -> None:
    assert (await engine.define(shell("one"))).shares_host_root


async def test_the_kind_of_a_container_is_told(engine: Engine) -> None:
    plain = await engine.define(shell("one"))
    assert (plain.system, plain.privileged) == (False, False)
    features = b"<features><system/><privileged/></features></domain>"
    other = await engine.define(shell("two").replace(b"</domain>", features))
    assert (other.system, other.privileged) == (True, True)
