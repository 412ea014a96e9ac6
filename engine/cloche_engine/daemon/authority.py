"""Who may do what: polkit on the system bus, the password prompt of the start on a private one."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import ClassVar, Protocol
from weakref import WeakValueDictionary

from dbus_fast import Message, MessageType, Variant

from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.errors import RefusedError
from cloche_engine.daemon.actions import Action

POLKIT = "org.freedesktop.PolicyKit1"
_PATH = "/org/freedesktop/PolicyKit1/Authority"
_INTERFACE = "org.freedesktop.PolicyKit1.Authority"
_ALLOW_INTERACTION = 1
_SILENT_TIMEOUT = 10.0
_DIALOG_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a call, by the name that the bus gave him, and whether he accepts a dialog."""

    name: str
    interactive: bool = False
    details: dict[str, str] = field(default_factory=dict)


class Authority(Protocol):
    """Decides whether a caller may do something; private where the bus itself decided that."""

    private: ClassVar[bool]

    async def check(self, caller: Caller, action: Action) -> None:
        """Return where it is allowed, raise RefusedError where not, or where that is not known."""
        ...

    async def stands(self, caller: Caller, action: Action) -> bool:
        """Whether what was allowed before still is; opens no dialog."""
        ...

    def forget(self, name: str) -> None:
        """Whoever had this name on the bus has left."""
        ...


class OpenAuthority:
    """A private bus: whoever can connect passed its start and may do everything."""

    private: ClassVar[bool] = True

    async def check(self, caller: Caller, action: Action) -> None:
        """Allow it."""

    async def stands(self, caller: Caller, action: Action) -> bool:  # noqa: ARG002  # the Protocol
        """As long as the bus is there."""
        return True

    def forget(self, name: str) -> None:
        """Nothing is kept of callers."""


@dataclass(frozen=True, slots=True)
class _Answer:
    authorised: bool
    challenge: bool
    dismissed: bool
    by_password: bool


class PolkitAuthority:
    """Asks polkit about the sender's unique name; everything but a clear yes is a no.

    One dialog at a time for each caller: the calls behind it wait and often need none any more.
    """

    private: ClassVar[bool] = False

    def __init__(self, bus: Connection) -> None:
        self._bus = bus
        self._ids = itertools.count(1)
        self._dialogs: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._proved: set[tuple[str, Action]] = set()

    async def check(self, caller: Caller, action: Action) -> None:
        """Return only where polkit said that the caller is authorised."""
        answer = await self._ask(caller, action, interactive=False)
        asked = answer.challenge and caller.interactive and not answer.authorised
        if asked:
            async with self._dialogs.setdefault(caller.name, asyncio.Lock()):
                answer = await self._ask(caller, action, interactive=True)
        if answer.authorised is not True:
            raise _refusal(caller, action, answer, asked=asked)
        if asked or answer.by_password:
            self._proved.add((caller.name, action))

    async def stands(self, caller: Caller, action: Action) -> bool:
        """Whether polkit would say so again; a password that was given stands for this connection.

        polkit forgets it after minutes and would ask for it then, but it does not refuse.
        """
        try:
            answer = await self._ask(caller, action, interactive=False)
        except RefusedError:
            return False
        proved = (caller.name, action) in self._proved
        return answer.authorised is True or (answer.challenge and proved)

    def forget(self, name: str) -> None:
        """The passwords that it gave count no more."""
        self._proved = {each for each in self._proved if each[0] != name}

    async def _ask(self, caller: Caller, action: Action, *, interactive: bool) -> _Answer:
        cancellation = f"cloche-{next(self._ids)}" if interactive else ""
        limit = _DIALOG_TIMEOUT if interactive else _SILENT_TIMEOUT
        question = _question(caller, action, cancellation)
        try:
            async with asyncio.timeout(limit):
                reply = await self._bus.call(question)
        except TimeoutError:
            await self._withdraw(cancellation)
            raise RefusedError(
                f"polkit gave no answer whether you may {action.words}",
                "answer its dialog, or try again",
            ) from None
        except asyncio.CancelledError:
            await self._withdraw(cancellation)
            raise
        except (OSError, EOFError) as error:
            raise RefusedError("polkit cannot be asked: the message bus is gone") from error
        return _answer(reply, action)

    async def _withdraw(self, cancellation: str) -> None:
        """Close the dialog of a question that nobody waits for any more."""
        if cancellation and self._bus.connected:
            await self._bus.send(_to_polkit("CancelCheckAuthorization", "s", [cancellation]))


def _question(caller: Caller, action: Action, cancellation: str) -> Message:
    subject = ["system-bus-name", {"name": Variant("s", caller.name)}]
    flags = _ALLOW_INTERACTION if cancellation else 0
    return _to_polkit(
        "CheckAuthorization",
        "(sa{sv})sa{ss}us",
        [subject, action.value, caller.details, flags, cancellation],
    )


def _to_polkit(member: str, signature: str, body: list[object]) -> Message:
    return Message(
        destination=POLKIT,
        path=_PATH,
        interface=_INTERFACE,
        member=member,
        signature=signature,
        body=body,
    )


def _answer(reply: Message | None, action: Action) -> _Answer:
    if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
        raise _no_answer(reply, action)
    if reply.signature != "(bba{ss})":
        raise RefusedError("polkit answered in a form that is not known here")
    authorised, challenge, details = reply.body[0]
    by_password = "polkit.temporary_authorization_id" in details
    return _Answer(authorised, challenge, "polkit.dismissed" in details, by_password)


def _no_answer(reply: Message | None, action: Action) -> RefusedError:
    name = reply.error_name if reply is not None else None
    missing = {"ServiceUnknown", "NameHasNoOwner", "Spawn.ServiceNotFound"}
    if name and name.removeprefix("org.freedesktop.DBus.Error.") in missing:
        return RefusedError(
            f"nobody can say whether you may {action.words}: polkit does not run here",
            "install and start polkit (package polkitd)",
        )
    return RefusedError(
        f"polkit could not say whether you may {action.words}",
        "try again; the system's log has polkit's reason",
    )


def _refusal(caller: Caller, action: Action, answer: _Answer, *, asked: bool) -> RefusedError:
    if answer.dismissed:
        return RefusedError(
            f"the password dialog was dismissed, so you may not {action.words}",
            "try again and answer the dialog",
        )
    if answer.challenge and caller.interactive:
        return RefusedError(
            f"a password is needed to {action.words}, but no polkit agent runs to ask for it",
            "start your desktop's polkit agent, use `clochectl` in a terminal with pkttyagent"
            " installed, where it asks itself, or use root",
        )
    if answer.challenge:
        return RefusedError(
            f"a password is needed to {action.words}, and the call did not allow to ask for it",
            "allow interactive authorisation for the call",
        )
    if asked:
        return RefusedError(f"the password was wrong, so you may not {action.words}", "try again")
    return RefusedError(
        f"the rules of this machine do not let you {action.words} ({action.value})",
        "ask its administrator for a polkit rule, or use root",
    )
