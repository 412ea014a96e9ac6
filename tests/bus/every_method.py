"""Calls every method of both objects as each user: `python -m tests.bus.every_method BUS UID…`.

What there is to call is read from the helper's own introspection, and arguments are the empty ones
of each type, so that a call that is let in fails or does nothing. Prints error name and words.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

from dbus_fast import Message, MessageType, SignatureTree, SignatureType, Variant
from tests.bus.world import shell

from cloche_engine.api.bus_link import connected
from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.names import BUS_NAME, MANAGER, ROOT_PATH

_EMPTY = {"s": "", "d": 0.0, "b": False, "a": [], "v": Variant("s", "")}
_ANSWERED = ["", ""]


async def main(address: str, users: list[int]) -> None:
    root = await connected(address)
    answers = {}
    for user in users:
        made = await root.call(
            called(ROOT_PATH, MANAGER, "Define", "ays", [shell(f"for-{user}"), ""])
        )
        bus = await connected_as(user, address)
        answers[user] = await _every_answer(bus, made.body[0])
        bus.disconnect()
    json.dump(answers, sys.stdout)


async def connected_as(user: int, address: str) -> Connection:
    """The bus takes a connection's user from the kernel, and what it claims from the real uid."""
    os.setresuid(user, user, 0)
    try:
        return await connected(address)
    finally:
        os.setresuid(0, 0, 0)


async def _every_answer(bus: Connection, container: str) -> dict[str, list[str]]:
    answers: dict[str, list[str]] = {}
    for path in (ROOT_PATH, container):
        for interface, member, signature in await _methods(bus, path):
            reply = await bus.call(called(path, interface, member, signature, _nothing(signature)))
            failed = reply.message_type is MessageType.ERROR
            answers[f"{interface}.{member}"] = (
                [reply.error_name or "", str(reply.body[0])] if failed else _ANSWERED
            )
    return answers


async def _methods(bus: Connection, path: str) -> list[tuple[str, str, str]]:
    """Interface, member and signature of all that an object can be asked; `Undefine` comes last."""
    reply = await bus.call(called(path, "org.freedesktop.DBus.Introspectable", "Introspect"))
    found = list(_described(ET.fromstring(reply.body[0])))  # noqa: S314  # our own helper's
    return sorted(found, key=lambda method: method[1] == "Undefine")


def _described(node: ET.Element) -> Iterator[tuple[str, str, str]]:
    for interface in node.iter("interface"):
        for method in interface.iter("method"):
            inputs = method.findall("arg[@direction='in']")
            signature = "".join(each.attrib["type"] for each in inputs)
            yield interface.attrib["name"], method.attrib["name"], signature


def _nothing(signature: str) -> list[Any]:
    return [_empty(kind) for kind in SignatureTree(signature).types]


def _empty(kind: SignatureType) -> Any:
    return b"" if kind.signature == "ay" else _EMPTY.get(kind.signature[0], 0)


def called(
    path: str, interface: str, member: str, signature: str = "", body: list[Any] | None = None
) -> Message:
    return Message(BUS_NAME, path, interface, member, signature=signature, body=body or [])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], list(map(int, sys.argv[2:]))))
