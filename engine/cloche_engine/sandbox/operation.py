"""One step of making a container from inside: it can be described, run and blamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class Context:
    """What the steps share: descriptors by name, and the new root once there is one."""

    descriptors: dict[str, int]
    send_up: Callable[[str, int], None]
    root: int = -1
    environment: dict[str, str] = field(default_factory=dict)

    def take(self, name: str) -> int:
        """A descriptor that the parent sent."""
        return self.descriptors[name]


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
    """Why a start failed: the step, the errno, its subject, and the line of the definition."""

    step: str
    operation: str
    errno: int
    text: str
    subject: str = ""
    line: int = 0
    column: int = 0

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
        try:
            operation.run(context)
        except OSError as error:
            raise OperationFailedError(blame_for(operation, error)) from error


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
    )
