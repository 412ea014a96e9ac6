"""The shape of the method table from which calls are dispatched and introspection is made."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from cloche_engine.api.client import Engine
from cloche_engine.api.model import Container
from cloche_engine.api.templates import Tell, silent
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.jobs import Jobs
from cloche_engine.daemon.objects import ObjectTree
from cloche_engine.daemon.watching import Watching

INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
PEER = "org.freedesktop.DBus.Peer"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that may be done: its arguments, and descriptors that close when it is over."""

    engine: Engine
    tree: ObjectTree
    jobs: Jobs
    path: str
    arguments: tuple[Any, ...]
    descriptors: tuple[int, ...]
    describe: Callable[[], Awaitable[str]]
    watching: Watching
    caller: str
    private: bool = False
    tell: Tell = silent

    @property
    def uuid(self) -> str:
        """The container whose object was called."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a method gives back; `carried` is sent as descriptors and then closed here."""

    body: tuple[Any, ...] = ()
    carried: socket.socket | None = None
    changed: Container | None = None


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a method or signal."""

    name: str
    signature: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method on the bus, the polkit action it needs (None: none), and who does it."""

    interface: str
    member: str
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    action: Action | None
    handler: Handler
    is_job: bool = False
    """Its first argument is a name by which its caller is told how far it is, and can end it."""

    @property
    def in_signature(self) -> str:
        """The signature of a call."""
        return "".join(argument.signature for argument in self.inputs)

    @property
    def out_signature(self) -> str:
        """The signature of a reply."""
        return "".join(argument.signature for argument in self.outputs)


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of an interface."""

    interface: str
    member: str
    arguments: tuple[Argument, ...]


def arguments(text: str) -> tuple[Argument, ...]:
    """Arguments from `name:signature` words."""
    return tuple(Argument(*word.split(":")) for word in text.split())
