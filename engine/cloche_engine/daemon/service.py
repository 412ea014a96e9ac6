"""The helper on a bus: every call is looked up, authorised, done and answered here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import replace

from dbus_fast import Message, MessageFlag, MessageType, NameFlag, RequestNameReply
from dbus_fast.errors import DBusFastError

from cloche_engine.api.bus_socket import Connection, close_descriptors
from cloche_engine.api.bus_values import error_reply
from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError, RefusedError, UnavailableError
from cloche_engine.api.names import BUS_NAME, CONTAINERS_PATH
from cloche_engine.api.templates import Tell, silent
from cloche_engine.daemon import introspection
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.authority import Authority, Caller
from cloche_engine.daemon.jobs import Jobs
from cloche_engine.daemon.objects import ObjectTree
from cloche_engine.daemon.table import Call, Method, Reply
from cloche_engine.daemon.watching import Watching
from cloche_engine.daemon.withdrawal import RULES, Withdrawal

BODY_LIMIT = 1024 * 1024
MAX_PENDING = 64
"""Calls that one caller may have under way; the bus itself would let 128 through."""

_log = logging.getLogger("cloched")
_ERROR = "org.freedesktop.DBus.Error."
_BUS = "org.freedesktop.DBus"
_METHODS: dict[tuple[str, str], Method] = {
    (method.interface, method.member): method for method in introspection.ALL_METHODS
}


class BusError(Exception):
    """A call that is no call of ours, answered with one of the standard errors."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = _ERROR + name


class Service:
    """Shows an Engine on a bus connection until it is closed."""

    def __init__(self, bus: Connection, engine: Engine, authority: Authority) -> None:
        self._bus = bus
        self._engine = engine
        self._authority = authority
        self._tree = ObjectTree(self._emit)
        self._jobs = Jobs(self._emit)
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: dict[asyncio.Task[None], str] = {}
        self._pending: Counter[str] = Counter()
        self._watching = Watching(engine, self._emit)
        self._withdrawal = Withdrawal(authority, self._tree, self._watching)
        self._unsubscribe = engine.subscribe(self._tree.apply)

    async def begin(self) -> None:
        """Load the containers, listen, and take the name; UnavailableError where it is taken."""
        self._tree.load(await self._engine.containers())
        self._bus.add_message_handler(self._on_message)
        left = f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg2=''"
        for rule in (left, *(() if self._authority.private else RULES)):
            await self._bus.call(
                Message(_BUS, "/org/freedesktop/DBus", _BUS, "AddMatch", signature="s", body=[rule])
            )
        try:
            answer = await self._bus.request_name(BUS_NAME, NameFlag.DO_NOT_QUEUE)
        except DBusFastError as error:
            raise UnavailableError(
                f"the bus does not let this program be {BUS_NAME}",
                "run it as root, with its D-Bus policy file installed",
            ) from error
        if answer is not RequestNameReply.PRIMARY_OWNER:
            raise UnavailableError(
                f"another helper is {BUS_NAME} on this bus already", "use that one, or end it"
            )

    async def close(self) -> None:
        """Stop answering; calls that are under way are given up."""
        self._unsubscribe()
        await self._withdrawal.close()
        self._watching.close()
        self._bus.remove_message_handler(self._on_message)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _emit(self, message: Message) -> None:
        if self._bus.connected:
            self._bus.send(message).add_done_callback(_noticed)

    def _on_message(self, message: Message) -> bool:
        if message.message_type is MessageType.METHOD_CALL:
            self._accept(message)
            return True
        if message.message_type is MessageType.SIGNAL:
            close_descriptors(message)
            self._withdrawal.heed(message)
            left = message.sender == _BUS and message.member == "NameOwnerChanged"
            if left and not message.body[2]:
                self._on_vanished(message.body[0])
        return False

    def _accept(self, message: Message) -> None:
        sender = message.sender or ""
        refused = self._bus.body_was_refused
        if self._pending[sender] >= MAX_PENDING:
            close_descriptors(message)
            self._answer(
                message,
                BusError("LimitsExceeded", f"{MAX_PENDING} calls are under way; await some"),
            )
            return
        self._pending[sender] += 1
        task = asyncio.ensure_future(self._serve(message, body_was_refused=refused))
        self._tasks.add(task)
        self._asking[task] = sender
        task.add_done_callback(lambda done: self._done(done, message))

    def _done(self, task: asyncio.Task[None], message: Message) -> None:
        sender = message.sender or ""
        close_descriptors(message)
        self._tasks.discard(task)
        self._asking.pop(task, None)
        self._pending[sender] -= 1
        if not self._pending[sender]:
            del self._pending[sender]

    def _on_vanished(self, name: str) -> None:
        """Nobody is left to be asked for a password, to be told, or to want a job done."""
        self._tree.forget(name)
        self._authority.forget(name)
        self._watching.end_all(name)
        self._jobs.end_all(name)
        for task in [task for task, sender in self._asking.items() if sender == name]:
            task.cancel()

    async def _serve(self, message: Message, *, body_was_refused: bool) -> None:
        try:
            method = self._method(message, body_was_refused=body_was_refused)
            work = self._as_job if method.is_job else self._work
            await self._reply(message, method, await work(message, method))
        except (EngineError, BusError) as error:
            self._answer(message, error)
        except Exception:  # noqa: BLE001  # the border: callers get an error, the log the cause
            _log.exception("%s of %s failed", message.member, message.path)
            hint = "the helper's log says more; please report this"
            self._answer(message, EngineError("the helper made a mistake in this call", hint))

    def _method(self, message: Message, *, body_was_refused: bool) -> Method:
        if body_was_refused:
            raise BusError("LimitsExceeded", f"a call has at most {BODY_LIMIT} bytes")
        path, member = message.path or "", message.member or ""
        interfaces = introspection.interfaces_at(self._tree, path)
        if not interfaces:
            raise BusError("UnknownObject", f"there is no object {path}")
        wanted = [message.interface] if message.interface else interfaces
        for interface in wanted:
            method = _METHODS.get((interface, member))
            if method is not None and interface in interfaces:
                _check_signature(message, method)
                return method
        raise BusError("UnknownMethod", f"{path} has no method {member}")

    async def _as_job(self, message: Message, method: Method) -> Reply:
        """The password dialog is a part of the job: who cancels this closes that."""
        self._asks_no_more()
        return await self._jobs.run(
            message.sender or "", message.body[0], lambda tell: self._work(message, method, tell)
        )

    async def _work(self, message: Message, method: Method, tell: Tell = silent) -> Reply:
        if method.action is not None:
            await self._authority.check(self._caller(message), method.action)
        self._asks_no_more()
        return await method.handler(self._call(message, tell))

    def _asks_no_more(self) -> None:
        """From here on it is not this call itself that ends when its caller leaves."""
        task = asyncio.current_task()
        if task is not None:
            self._asking.pop(task, None)

    def _caller(self, message: Message) -> Caller:
        flag = MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION
        return Caller(
            message.sender or "",
            interactive=bool(message.flags & flag),
            details=self._details(message),
        )

    def _details(self, message: Message) -> dict[str, str]:
        path = message.path or ""
        if path in self._tree:
            return {"container": self._tree.properties(path)["Name"].value}
        return {}

    def _call(self, message: Message, tell: Tell) -> Call:
        path = message.path or ""
        return Call(
            self._engine,
            self._tree,
            self._jobs,
            path,
            tuple(message.body),
            tuple(message.unix_fds),
            lambda: self._described(message),
            self._watching,
            message.sender or "",
            self._authority.private,
            tell,
        )

    async def _described(self, message: Message) -> str:
        """Anybody may introspect; the names of containers are for those who may see the list."""
        path = message.path or ""
        shown = path != CONTAINERS_PATH or await self._may_list(message)
        return introspection.describe(self._tree, path, with_containers=shown)

    async def _may_list(self, message: Message) -> bool:
        """Asked without a dialog: programs that look at a bus introspect all that is on it."""
        try:
            await self._authority.check(
                replace(self._caller(message), interactive=False), Action.LIST
            )
        except RefusedError:
            return False
        return True

    async def _reply(self, message: Message, method: Method, reply: Reply) -> None:
        carried = reply.carried
        with contextlib.closing(carried) if carried is not None else contextlib.nullcontext():
            if reply.changed is not None:
                self._tree.apply(reply.changed)
            if message.flags & MessageFlag.NO_REPLY_EXPECTED or not self._bus.connected:
                return
            answer = Message.new_method_return(
                message,
                method.out_signature,
                list(reply.body),
                [carried.fileno()] if carried is not None else [],
            )
            await self._bus.send(answer)

    def _answer(self, message: Message, error: EngineError | BusError) -> None:
        if message.flags & MessageFlag.NO_REPLY_EXPECTED:
            return
        if isinstance(error, BusError):
            self._emit(Message.new_error(message, error.name, str(error)))
        else:
            self._emit(error_reply(message, error))


def _noticed(sent: asyncio.Future[None]) -> None:
    """What cannot be sent because the bus is gone is noticed by whoever watches the bus."""
    if not sent.cancelled():
        sent.exception()


def _check_signature(message: Message, method: Method) -> None:
    if message.signature != method.in_signature:
        raise BusError(
            "InvalidArgs",
            f"{method.member} takes ({method.in_signature}), not ({message.signature})",
        )


__all__ = ["BODY_LIMIT", "MAX_PENDING", "BusError", "Service"]
