"""The methods of our own interfaces: each one call to the engine and a conversion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cloche_engine.api.bus_reports import processes_body, report_body
from cloche_engine.api.bus_values import AS_DEFINED, stats_values
from cloche_engine.api.client import Engine, checked_grace
from cloche_engine.api.console import NO_SIZE, Size
from cloche_engine.api.errors import InvalidArgumentError
from cloche_engine.api.model import Container, ExecRequest
from cloche_engine.api.names import CONTAINER, MANAGER, container_path
from cloche_engine.api.networks import SIGNATURE, network_values
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.table import Call, Handler, Method, Reply, arguments

_MAX_WORDS = 4096


async def _about(call: Call) -> Reply:
    about = await call.engine.about()
    return Reply((about.version, call.private, about.directory))


async def _networks(call: Call) -> Reply:
    return Reply(([network_values(each) for each in await call.engine.networks()],))


async def _define(call: Call) -> Reply:
    text, etag = call.arguments
    container = await call.engine.define(bytes(text), etag)
    return Reply((container_path(container.uuid),), changed=container)


async def _watch(call: Call) -> Reply:
    number, interval = call.arguments
    await call.watching.begin(call.caller, number, interval)
    return Reply()


async def _unwatch(call: Call) -> Reply:
    call.watching.end(call.caller, call.arguments[0])
    return Reply()


async def _find(call: Call) -> Reply:
    container = await call.engine.container(call.arguments[0])
    return Reply((container_path(container.uuid),), changed=container)


async def _read_definition(call: Call) -> Reply:
    stored = await call.engine.definition(call.uuid)
    return Reply((stored.text, stored.etag))


async def _undefine(call: Call) -> Reply:
    await call.engine.undefine(call.uuid)
    return Reply()


async def _logs(call: Call) -> Reply:
    return Reply((await call.engine.logs(call.uuid),))


async def _processes(call: Call) -> Reply:
    return Reply((processes_body(await call.engine.processes(call.uuid)),))


async def _explain(call: Call) -> Reply:
    return Reply(report_body(await call.engine.explain(call.uuid)))


async def _stats(call: Call) -> Reply:
    return Reply((stats_values(await call.engine.stats(call.uuid)),))


async def _open_console(call: Call) -> Reply:
    rows, columns = call.arguments
    if Size(rows, columns) != NO_SIZE:
        _check_size(rows, columns)
    return Reply((0,), carried=await call.engine.open_console(call.uuid, rows, columns))


async def _exec(call: Call) -> Reply:
    return Reply((0,), carried=await call.engine.exec(call.uuid, _exec_request(call)))


def _exec_request(call: Call) -> ExecRequest:
    argv, environment, directory, user, terminal, rows, columns, _ = call.arguments
    if not argv or not argv[0]:
        raise InvalidArgumentError("no program is named", "name the program to run")
    if len(argv) + len(environment) > _MAX_WORDS:
        raise InvalidArgumentError(
            f"more than {_MAX_WORDS} arguments and variables are given", "pass them in a file"
        )
    if terminal:
        _check_size(rows, columns)
    return ExecRequest(
        argv=tuple(argv),
        environment=tuple((name, value) for name, value in environment),
        directory=directory,
        user=user,
        terminal=terminal,
        rows=rows,
        columns=columns,
        stdio=None if terminal else _three(call),
    )


def _three(call: Call) -> tuple[int, int, int]:
    indices = call.arguments[-1]
    if len(indices) != 3 or any(index >= len(call.descriptors) for index in indices):
        raise InvalidArgumentError(
            "a program without a terminal needs three descriptors",
            "pass its input, output and error output, or ask for a terminal",
        )
    stdin, stdout, stderr = (call.descriptors[index] for index in indices)
    return stdin, stdout, stderr


def _check_size(rows: int, columns: int) -> None:
    if not (1 <= rows <= 4096 and 1 <= columns <= 4096):
        raise InvalidArgumentError(
            f"{rows} rows by {columns} columns is no size of a terminal", "use 1 to 4096 of each"
        )


def _grace(call: Call) -> float | None:
    seconds: float = call.arguments[0]
    return None if seconds == AS_DEFINED else checked_grace(seconds)


def _change(act: Callable[[Engine, Call], Awaitable[Container]]) -> Handler:
    """A method that changes the state of its container and returns nothing else."""

    async def handler(call: Call) -> Reply:
        return Reply(changed=await act(call.engine, call))

    return handler


def _manager(
    member: str, inputs: str, outputs: str, action: Action | None, handler: Handler
) -> Method:
    return Method(MANAGER, member, arguments(inputs), arguments(outputs), action, handler)


def _of_container(
    member: str, inputs: str, outputs: str, action: Action, handler: Handler
) -> Method:
    return Method(CONTAINER, member, arguments(inputs), arguments(outputs), action, handler)


def _state(member: str, inputs: str, act: Callable[[Engine, Call], Awaitable[Container]]) -> Method:
    return _of_container(member, inputs, "", Action.MANAGE, _change(act))


_EXEC = "argv:as environment:a(ss) directory:s user:s terminal:b rows:q columns:q descriptors:ah"
_REPORT = (
    "started:d steps:a(sddb) error:s hint:s details:a{ss} console:ay "
    "restarts:u restarted:d restart_cause:s"
)

METHODS: tuple[Method, ...] = (
    _manager("About", "", "version:s private:b directory:s", None, _about),
    _manager("ListNetworks", "", f"networks:a{SIGNATURE}", Action.LIST, _networks),
    _manager("Define", "text:ay etag:s", "container:o", Action.DEFINE, _define),
    _manager("Watch", "watch:u interval:d", "", Action.LIST, _watch),
    _manager("Unwatch", "watch:u", "", None, _unwatch),
    _manager("Find", "ref:s", "container:o", Action.LIST, _find),
    _state("Start", "", lambda engine, call: engine.start(call.uuid)),
    _state("Stop", "grace:d", lambda engine, call: engine.stop(call.uuid, _grace(call))),
    _state("Kill", "signal:i", lambda engine, call: engine.kill(call.uuid, call.arguments[0])),
    _state("Pause", "", lambda engine, call: engine.pause(call.uuid)),
    _state("Resume", "", lambda engine, call: engine.resume(call.uuid)),
    _state("Restart", "grace:d", lambda engine, call: engine.restart(call.uuid, _grace(call))),
    _of_container("OpenConsole", "rows:q columns:q", "socket:h", Action.CONSOLE, _open_console),
    _of_container("Exec", _EXEC, "socket:h", Action.CONSOLE, _exec),
    _of_container("ReadDefinition", "", "text:ay etag:s", Action.READ, _read_definition),
    _of_container("Undefine", "", "", Action.DEFINE, _undefine),
    _of_container("Logs", "", "text:ay", Action.READ, _logs),
    _of_container("Processes", "", "processes:a(uusssdtdb)", Action.READ, _processes),
    _of_container("Explain", "", _REPORT, Action.READ, _explain),
    _of_container("Stats", "", "values:a{sv}", Action.LIST, _stats),
)
