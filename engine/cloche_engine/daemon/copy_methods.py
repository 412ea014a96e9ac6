"""The methods on the bus that copy files: each one call to the engine and a conversion."""

from __future__ import annotations

from dataclasses import astuple

from cloche_engine.api.errors import InvalidArgumentError
from cloche_engine.api.names import CONTAINER
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.table import Call, Method, Reply, arguments


async def _copy_out(call: Call) -> Reply:
    path, pipe = call.arguments[0], _pipe(call)
    return Reply(astuple(await call.engine.copy_out(call.uuid, path, pipe)))


async def _copy_in(call: Call) -> Reply:
    path, pipe = call.arguments[0], _pipe(call)
    return Reply(astuple(await call.engine.copy_in(call.uuid, path, pipe)))


def _pipe(call: Call) -> int:
    index: int = call.arguments[1]
    if index >= len(call.descriptors):
        raise InvalidArgumentError("no descriptor came with the call", "pass the end of a pipe")
    return call.descriptors[index]


_COPIED = arguments("files:t size:t left_out:t")
COPY_METHODS: tuple[Method, ...] = (
    Method(CONTAINER, "CopyOut", arguments("path:s sink:h"), _COPIED, Action.CONSOLE, _copy_out),
    Method(CONTAINER, "CopyIn", arguments("path:s source:h"), _COPIED, Action.CONSOLE, _copy_in),
)
