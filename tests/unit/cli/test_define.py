"""What `define` and `plan` tell of a container that is there already."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import InvalidDefinitionError, NameTakenError
from cloche_engine.api.fake import FakeEngine
from cloche_engine.cli.change import define
from cloche_engine.cli.planning import plan

ONE = """<domain type='linuxcontainer'><name>one</name>
<container><application>/bin/sh</application></container></domain>"""
LINK = "<interface type='network'><source network='%s'/></interface>"

Work = Callable[[Engine, argparse.Namespace], Awaitable[int]]
Capture = pytest.CaptureFixture[str]


class Room:
    """An engine with one container, and the commands that change its definition."""

    def __init__(self, file: Path, capture: Capture) -> None:
        self.file = file
        self.capture = capture
        self.engine = FakeEngine()
        self.uuid = asyncio.run(self.engine.define(ONE.encode())).uuid

    def start(self) -> None:
        asyncio.run(self.engine.start(self.uuid))

    def text(self, inside: str = "") -> str:
        stored = asyncio.run(self.engine.definition(self.uuid)).text
        return stored.decode().replace("</container>", f"{inside}</container>")

    def run(self, work: Work, text: str, **options: object) -> tuple[str, str]:
        """What it says on standard output and on the other one."""
        self.file.write_text(text)
        given = {"file": str(self.file), "json": False, **options}
        assert asyncio.run(work(self.engine, argparse.Namespace(**given))) == 0  # type: ignore[arg-type]
        return self.capture.readouterr()


@pytest.fixture
def room(tmp_path: Path, capsys: Capture) -> Room:
    return Room(tmp_path / "one.xml", capsys)


def ash(room: Room) -> str:
    """Its definition with another program, which only a start can run."""
    return room.text().replace("/bin/sh", "/bin/ash")


def test_define_says_what_waits_for_the_next_start(room: Room) -> None:
    room.start()
    out, _ = room.run(define, ash(room).replace("</name>", "</name><title>T</title>"))
    program = "one: takes effect at the next start: Program: /bin/ash instead of /bin/sh.\n"
    assert out == f"one: defined\n{program}"
    assert room.run(define, room.text()) == ("one: defined\n", "")


def test_json_says_what_waits_for_the_next_start(room: Room) -> None:
    room.start()
    out, _ = room.run(define, ash(room), json=True)
    (sentence,) = json.loads(out)["next_start"]
    assert sentence == "Program: /bin/ash instead of /bin/sh."


def test_define_says_that_it_renames(room: Room) -> None:
    renamed = room.text().replace("<name>one<", "<name>two<")
    out, _ = room.run(define, renamed)
    assert out == "two: defined\ntwo: renamed one to two\n"
    assert room.run(define, renamed) == ("two: defined\n", "")


def test_one_that_runs_keeps_its_host_name_when_it_is_renamed(room: Room) -> None:
    room.start()
    out, _ = room.run(define, room.text().replace("<name>one<", "<name>two<"), json=True)
    shown = json.loads(out)
    assert (shown["renamed_from"], shown["next_start"]) == ("one", ["Host name: two."])
    own = "<network hostname='inside'/>"
    out, _ = room.run(define, room.text(own).replace("<name>two<", "<name>three<"), json=True)
    shown = json.loads(out)
    assert shown["renamed_from"] == "two"
    assert "Host name: three." not in shown["next_start"]


def test_nothing_waits_where_the_container_does_not_run(room: Room) -> None:
    assert room.run(define, ash(room)) == ("one: defined\n", "")
    assert json.loads(room.run(define, room.text(), json=True)[0])["next_start"] == []


WRONG = "<memory>much</memory>\n<cpushare>1</cpushare></domain>"


@pytest.mark.parametrize(("work", "options"), [(define, {}), (plan, {"name": "one"})])
def test_every_error_is_told_in_a_line_of_its_own(
    room: Room, work: Work, options: dict[str, object]
) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        room.run(work, room.text().replace("</domain>", WRONG), **options)
    out, said = room.capture.readouterr()
    first, second = said.splitlines()
    assert out == ""
    assert first.startswith(f"{room.file}:2:")
    assert ": error: memory: " in first
    assert second.startswith(f"{room.file}:3:")
    assert ": error: cpushare: " in second
    assert refused.value.message == f"{room.file}: 2 errors"
    assert asyncio.run(room.engine.containers())[0].name == "one"


def test_one_error_is_one_line(room: Room) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        room.run(define, room.text().replace("</domain>", "<memory>much</memory></domain>"))
    assert room.capture.readouterr() == ("", "")
    assert refused.value.message.startswith(f"{room.file}:2:")


@pytest.mark.parametrize(("name", "told"), [("foo", 1), ("default", 0)])
def test_define_warns_of_a_network_that_is_not_there(room: Room, name: str, told: int) -> None:
    room.start()
    _, said = room.run(define, room.text(LINK % name))
    assert said.count("warning: network-unknown: there is no network 'foo' here") == told


def test_a_plan_with_a_name_that_another_container_has_says_so(room: Room) -> None:
    other = ONE.replace("one", "web")
    assert "Name: web instead of one" in room.run(plan, other, name="one")[0]
    asyncio.run(room.engine.define(other.encode()))
    with pytest.raises(NameTakenError, match="there is a container named 'web'"):
        room.run(plan, other, name="one")
    assert "Nothing" in room.run(plan, room.text(), name="one")[0]
