"""The interfaces that every object on a bus has: introspection, peer, properties, objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbus_fast import Variant

from cloche_engine.api.errors import InvalidArgumentError, RefusedError, UnsupportedError
from cloche_engine.api.names import CONTAINER
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.table import (
    INTROSPECTABLE,
    OBJECT_MANAGER,
    PEER,
    PROPERTIES,
    Call,
    Method,
    Reply,
    arguments,
)

_MACHINE_ID = Path("/etc/machine-id")


async def _introspect(call: Call) -> Reply:
    return Reply((await call.describe(),))


async def _ping(_call: Call) -> Reply:
    return Reply()


async def _machine_id(_call: Call) -> Reply:
    try:
        return Reply((_MACHINE_ID.read_text().strip(),))  # noqa: ASYNC240  # 33 bytes in memory
    except OSError as error:
        raise UnsupportedError(
            f"this machine has no id: {error.strerror}", "run systemd-machine-id-setup"
        ) from error


async def _managed_objects(call: Call) -> Reply:
    return Reply((call.tree.managed(call.caller),))


def _properties(call: Call, interface: str) -> dict[str, Variant]:
    if interface in {CONTAINER, ""} and call.path in call.tree:
        return call.tree.properties(call.path)
    return {}


async def _get_all(call: Call) -> Reply:
    return Reply((_properties(call, call.arguments[0]),))


async def _get(call: Call) -> Reply:
    interface, name = call.arguments
    value: Any = _properties(call, interface).get(name)
    if value is None:
        raise InvalidArgumentError(f"this object has no property {name!r}", "look at GetAll")
    return Reply((value,))


async def _set(_call: Call) -> Reply:
    raise RefusedError(
        "properties here are facts and cannot be set", "use the methods of the object"
    )


STANDARD: tuple[Method, ...] = (
    Method(INTROSPECTABLE, "Introspect", (), arguments("xml:s"), None, _introspect),
    Method(PEER, "Ping", (), (), None, _ping),
    Method(PEER, "GetMachineId", (), arguments("id:s"), None, _machine_id),
    Method(
        PROPERTIES, "Get", arguments("interface:s name:s"), arguments("value:v"), Action.LIST, _get
    ),
    Method(
        PROPERTIES,
        "GetAll",
        arguments("interface:s"),
        arguments("values:a{sv}"),
        Action.LIST,
        _get_all,
    ),
    Method(PROPERTIES, "Set", arguments("interface:s name:s value:v"), (), Action.LIST, _set),
    Method(
        OBJECT_MANAGER,
        "GetManagedObjects",
        (),
        arguments("objects:a{oa{sa{sv}}}"),
        Action.LIST,
        _managed_objects,
    ),
)
