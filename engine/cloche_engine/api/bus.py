"""The engine over D-Bus: the same contract, spoken to the helper."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from dbus_fast import Message

from cloche_engine.api import refs
from cloche_engine.api.bus_link import SYSTEM, Link, Request
from cloche_engine.api.bus_reports import processes_from, report_from
from cloche_engine.api.bus_samples import SAMPLES_SIGNATURE, Watches
from cloche_engine.api.bus_socket import close_descriptors
from cloche_engine.api.bus_templates import BusTemplates
from cloche_engine.api.bus_values import container_from, grace_value, stats_from
from cloche_engine.api.client import DEFAULT_INTERVAL, checked_interval
from cloche_engine.api.errors import InvalidDefinitionError, UnavailableError
from cloche_engine.api.model import (
    About,
    Change,
    Container,
    Copied,
    ExecRequest,
    Process,
    Removed,
    Samples,
    StartReport,
    Stats,
    StoredDefinition,
)
from cloche_engine.api.names import CONTAINER, CONTAINERS_PATH, MANAGER, ROOT_PATH, container_path
from cloche_engine.api.networks import Network, network_from

MAX_DEFINITION = 128 * 1024
_MANAGER_OF_OBJECTS = "org.freedesktop.DBus.ObjectManager"
_PROPERTIES = "org.freedesktop.DBus.Properties"


class BusEngine:
    """An Engine whose work the helper does; state is mirrored from its signals."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.templates = BusTemplates(link)
        self._mirror: dict[str, dict[str, Any]] = {}
        self._listeners: dict[int, Callable[[Change], None]] = {}
        self._next_listener = 0
        self._journals: list[list[Message]] = []
        self._watches = Watches(self._unwatch)
        link.on_signal = self._on_signal

    @classmethod
    async def connect(cls, address: str = SYSTEM) -> BusEngine:
        """Connect to the helper on the system bus, or on the bus at a D-Bus address."""
        engine = cls(await Link.open(address))
        try:
            await engine._load()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def about(self) -> About:
        """Version and kind of this engine."""
        reply = await self._manager("About", interactive=False)
        return About(*reply.body)

    async def networks(self) -> list[Network]:
        """The networks that the engine manages itself."""
        reply = await self._manager("ListNetworks", interactive=False)
        return list(map(network_from, reply.body[0]))

    async def containers(self) -> list[Container]:
        """All containers, sorted by name."""
        await self._load()
        return sorted(map(container_from, self._mirror.values()), key=lambda one: one.name)

    async def container(self, ref: str) -> Container:
        """One container, as it is now."""
        path = await self._path(ref)
        reply = await self._link.call(Request(path, _PROPERTIES, "GetAll", "s", (CONTAINER,)))
        return container_from(reply.body[0])

    async def define(self, text: bytes, etag: str = "") -> Container:
        """Store a definition; a new one where etag is empty, otherwise the one with this etag."""
        if len(text) > MAX_DEFINITION:
            raise InvalidDefinitionError(
                f"the definition has {len(text)} bytes, at most {MAX_DEFINITION} are read",
                "check that this is the definition of a container",
            )
        reply = await self._manager("Define", "ays", bytes(text), etag)
        return self._seen(reply.body[0])

    async def undefine(self, ref: str) -> None:
        """Remove the definition of a container that does not run."""
        await self._on(ref, "Undefine")

    async def definition(self, ref: str) -> StoredDefinition:
        """The stored bytes and their etag."""
        reply = await self._on(ref, "ReadDefinition")
        return StoredDefinition(bytes(reply.body[0]), reply.body[1])

    async def start(self, ref: str) -> Container:
        """Start it; returns when its program runs."""
        return await self._change(ref, "Start")

    async def stop(self, ref: str, grace: float | None = None) -> Container:
        """Ask its init to end, kill it after the grace."""
        return await self._change(ref, "Stop", "d", grace_value(grace))

    async def kill(self, ref: str, signal: int = 9) -> Container:
        """Send a signal to its init."""
        return await self._change(ref, "Kill", "i", signal)

    async def pause(self, ref: str) -> Container:
        """Freeze its processes."""
        return await self._change(ref, "Pause")

    async def resume(self, ref: str) -> Container:
        """Thaw its processes."""
        return await self._change(ref, "Resume")

    async def restart(self, ref: str, grace: float | None = None) -> Container:
        """Stop it where it runs, then start it."""
        return await self._change(ref, "Restart", "d", grace_value(grace))

    async def open_console(self, ref: str, rows: int, columns: int) -> socket.socket:
        """A socket with the frames of api.console."""
        return _socket_in(await self._on(ref, "OpenConsole", "qq", rows, columns))

    async def exec(self, ref: str, request: ExecRequest) -> socket.socket:
        """Run a program inside; the caller keeps its own ends of the three pipes."""
        stdio = request.stdio or ()
        body = (
            list(request.argv),
            [list(pair) for pair in request.environment],
            request.directory,
            request.user,
            request.terminal,
            request.rows,
            request.columns,
            list(range(len(stdio))),
        )
        path = await self._path(ref)
        reply = await self._link.call(
            Request(path, CONTAINER, "Exec", "asa(ss)ssbqqah", body, tuple(stdio))
        )
        return _socket_in(reply)

    async def copy_out(self, ref: str, path: str, sink: int) -> Copied:
        """Write what lies at a path inside to a pipe, as a tar stream."""
        return await self._copy(ref, "CopyOut", path, sink)

    async def copy_in(self, ref: str, path: str, source: int) -> Copied:
        """Unpack a tar stream from a pipe into a folder inside."""
        return await self._copy(ref, "CopyIn", path, source)

    async def _copy(self, ref: str, member: str, path: str, pipe: int) -> Copied:
        where = await self._path(ref)
        request = Request(where, CONTAINER, member, "sh", (path, 0), (pipe,))
        return Copied(*(await self._link.call(request)).body)

    async def logs(self, ref: str) -> bytes:
        """What the console said last."""
        return bytes((await self._on(ref, "Logs")).body[0])

    async def processes(self, ref: str) -> list[Process]:
        """What runs in it."""
        return processes_from((await self._on(ref, "Processes")).body[0])

    async def explain(self, ref: str) -> StartReport:
        """The last start, step by step."""
        return report_from((await self._on(ref, "Explain")).body)

    async def stats(self, ref: str) -> Stats:
        """Usage now; never raises a password dialog, because windows ask again and again."""
        path = await self._path(ref)
        reply = await self._link.call(Request(path, CONTAINER, "Stats", interactive=False))
        return stats_from(reply.body[0])

    async def watch(
        self, listener: Callable[[Samples], None], interval: float = DEFAULT_INTERVAL
    ) -> Callable[[], None]:
        """Samples of everything that runs; like stats without a password dialog."""
        interval = float(checked_interval(interval))
        number = self._watches.add(listener)
        try:
            await self._manager("Watch", "ud", number, interval, interactive=False)
        except BaseException:
            self._watches.forget(number)
            raise
        return lambda: self._watches.drop(number)

    async def _unwatch(self, number: int) -> None:
        await self._manager("Unwatch", "u", number, interactive=False)

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` at every change; the function returned ends that."""
        key = self._next_listener
        self._next_listener += 1
        self._listeners[key] = listener
        return lambda: self._listeners.pop(key, None) and None

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Call `listener` once when the helper or its bus is gone."""
        self._link.on_lost(listener)

    async def close(self) -> None:
        """Leave the bus."""
        self._listeners.clear()
        await self._watches.close()
        await self._link.close()

    async def _load(self) -> None:
        journal: list[Message] = []
        self._journals = [*self._journals, journal]
        request = Request(ROOT_PATH, _MANAGER_OF_OBJECTS, "GetManagedObjects")
        try:
            reply = await self._link.call(request)
        finally:
            self._journals = [each for each in self._journals if each is not journal]
        self._mirror = {
            path: interfaces[CONTAINER]
            for path, interfaces in reply.body[0].items()
            if CONTAINER in interfaces
        }
        # Signals that came behind the reply were heard before this: the list must not undo them.
        # Those before it do no harm, because all of them are heard again in their order.
        for message in journal:
            self._mirrored(message)

    async def _manager(
        self, member: str, signature: str = "", *body: Any, interactive: bool = True
    ) -> Message:
        request = Request(ROOT_PATH, MANAGER, member, signature, body, interactive=interactive)
        return await self._link.call(request)

    async def _path(self, ref: str) -> str:
        uuid = refs.uuid_of(ref)
        if uuid and container_path(uuid) in self._mirror:
            return container_path(uuid)
        reply = await self._manager("Find", "s", ref, interactive=False)
        path: str = reply.body[0]
        return path

    async def _on(self, ref: str, member: str, signature: str = "", *body: Any) -> Message:
        path = await self._path(ref)
        return await self._link.call(Request(path, CONTAINER, member, signature, body))

    async def _change(self, ref: str, member: str, signature: str = "", *body: Any) -> Container:
        path = await self._path(ref)
        await self._link.call(Request(path, CONTAINER, member, signature, body))
        return self._seen(path)

    def _seen(self, path: str) -> Container:
        """The container as its signals showed it, which come before the reply to a call."""
        if path not in self._mirror:
            raise refs.not_found(path.rpartition("/")[2])
        return container_from(self._mirror[path])

    def _on_signal(self, message: Message) -> None:
        if message.member == "Samples" and message.signature == SAMPLES_SIGNATURE:
            self._watches.hear(message.body)
            return
        self.templates.heard(message)
        for journal in self._journals:
            journal.append(message)
        change = self._mirrored(message)
        if change is not None:
            for listener in list(self._listeners.values()):
                listener(change)

    def _mirrored(self, message: Message) -> Change | None:
        match message.member, message.signature, message.body:
            case "InterfacesAdded", "oa{sa{sv}}", [path, interfaces] if CONTAINER in interfaces:
                self._mirror[path] = interfaces[CONTAINER]
            case "PropertiesChanged", "sa{sv}as", [interface, changed, _] if (
                interface == CONTAINER and message.path in self._mirror
            ):
                path = message.path
                self._mirror[path] = self._mirror[path] | changed
            case "InterfacesRemoved", "oas", [path, _] if self._mirror.pop(path, None):
                return Removed(path.removeprefix(CONTAINERS_PATH + "/"))
            case _:
                return None
        return container_from(self._mirror[path])


def _socket_in(reply: Message) -> socket.socket:
    """The socket that a reply carries."""
    index = reply.body[0]
    if index >= len(reply.unix_fds):
        close_descriptors(reply)
        raise UnavailableError(
            "the console's descriptor did not arrive: too many files are open",
            "close some consoles or programs, then try again",
        )
    number = reply.unix_fds.pop(index)
    close_descriptors(reply)
    return socket.socket(fileno=number)
