"""Rights that are taken back: who was let in to hear of containers is asked about again."""

from __future__ import annotations

import asyncio

from dbus_fast import Message

from cloche_engine.api.bus_pulse import BUS
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.authority import POLKIT, Authority, Caller
from cloche_engine.daemon.objects import ObjectTree
from cloche_engine.daemon.watching import Watching

RULES = (
    f"type='signal',sender='{POLKIT}',interface='{POLKIT}.Authority',member='Changed'",
    f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{POLKIT}'",
)
"""What tells of it: other rules, sessions and passwords, and a polkit that is started anew."""


class Withdrawal:
    """Ends what those hear and watch who may not see the list any more."""

    def __init__(self, authority: Authority, tree: ObjectTree, watching: Watching) -> None:
        self._authority = authority
        self._tree = tree
        self._watching = watching
        self._asking: asyncio.Task[None] | None = None
        self._again = False

    def heed(self, message: Message) -> None:
        """Ask anew where a signal tells that answers may be others; one round at a time.

        Anybody may send us one like polkit's: it costs a round.
        """
        changed = message.interface == f"{POLKIT}.Authority" and message.member == "Changed"
        if changed or _starts_polkit(message):
            self._again = True
            self._go_on()

    def _go_on(self) -> None:
        if self._again and self._asking is None:
            self._asking = asyncio.ensure_future(self._ask_all())
            self._asking.add_done_callback(self._asked)

    async def close(self) -> None:
        """Ask no more."""
        self._again = False
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _asked(self, done: asyncio.Task[None]) -> None:
        self._asking = None
        if not done.cancelled():
            done.result()
        self._go_on()

    async def _ask_all(self) -> None:
        while self._again:
            self._again = False
            for name in self._tree.listeners | self._watching.callers:
                if not await self._authority.stands(Caller(name), Action.LIST):
                    self._tree.withdraw(name)
                    self._watching.end_all(name)


def _starts_polkit(message: Message) -> bool:
    told = message.sender == BUS and message.member == "NameOwnerChanged"
    return told and message.body[0] == POLKIT and bool(message.body[2])
