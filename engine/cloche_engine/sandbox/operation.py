"""One step of making a container from inside: it can be described, run and blamed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cloche_engine.kernel.refusal import call_of


@dataclass(slots=True)
class Context:
    """What the steps share: descriptors by name, the new root once there is one, what is done.

    done has each step with its begin and end by the monotonic clock, which all processes share.
    """

    descriptors: dict[str, int]
    send_up: Callable[[str, int], None]
    tell: Callable[[str], None]
    root: int = -1
    done: list[tuple[Operation, float, float]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    _told: list[str] = field(default_factory=list)

    def take(self, name: str) -> int:
        """A descriptor that the parent sent."""
        return self.descriptors[name]

    def account(self) -> str:
        """The steps that are done, one a line: begin, end, words; a string of JSON.

        Asked for while there is time, it is quicker the next time.
        """
        for step, begun, ended in self.done[len(self._told) :]:
            words = " ".join(step.describe().splitlines())
            self._told.append(f"{begun:.6f} {ended:.6f} {words}")
        return json.dumps("\n".join(self._told))


class Operation(Protocol):
    """A step; `run` raises OSError, whose errno and path tell what the kernel refused."""

    def describe(self) -> str:
        """The step in a few words, as shown to people."""
        ...

    def run(self, context: Context) -> None:
        """Do it."""
        ...


@dataclass(frozen=True, slots=True)
class Blame:
    """Why a start failed: the step, the errno, its subject, and the line of the definition.

    call is the system call where it is known; uid is the one inside that the step ran as, or -1.
    """

    step: str
    operation: str
    errno: int
    text: str
    subject: str = ""
    line: int = 0
    column: int = 0
    call: str = ""
    uid: int = -1

    def to_json(self) -> bytes:
        """One packet."""
        return json.dumps(self.fields()).encode()

    def fields(self) -> dict[str, str | int]:
        """By name, as JSON carries them."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, packet: bytes) -> Blame:
        """The blame in a packet."""
        return cls(**json.loads(packet))


class OperationFailedError(Exception):
    """A step failed; carries the blame."""

    def __init__(self, blame: Blame) -> None:
        super().__init__(blame.text)
        self.blame = blame


def run_all(operations: Iterable[Operation], context: Context) -> None:
    """Run the steps in order; OperationFailedError names the first that fails."""
    for operation in operations:
        begun = time.monotonic()
        try:
            operation.run(context)
        except OSError as error:
            raise OperationFailedError(blame_for(operation, error)) from error
        context.done.append((operation, begun, time.monotonic()))


def blame_for(operation: Operation, error: OSError) -> Blame:
    """The blame for an error that a step raised."""
    return Blame(
        step=operation.describe(),
        operation=type(operation).__name__,
        errno=error.errno or 0,
        text=error.strerror or str(error),
        subject=str(error.filename or ""),
        line=getattr(operation, "line", 0),
        column=getattr(operation, "column", 0),
        call=call_of(error),
        uid=os.geteuid(),
    )
