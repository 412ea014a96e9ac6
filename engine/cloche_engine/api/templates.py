"""Templates, the root trees that containers are made from, as every engine offers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Template:
    """One template: bytes and files in it, seconds since 1970, where it is from, who uses it."""

    name: str
    size: int = 0
    files: int = 0
    created: float = 0.0
    source: str = ""
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long job is: bytes done of a total (0 where it is not known), and what it does."""

    done: int
    total: int
    words: str


Tell = Callable[[Progress], None]
"""Hears of progress, a few times a second."""


def silent(_: Progress) -> None:
    """For who does not want to hear."""


class Templates(Protocol):
    """A job that is cancelled as asyncio cancels, or fails, leaves nothing behind."""

    async def all(self) -> list[Template]:
        """Every template, sorted by name."""
        ...

    async def add(self, name: str, source: int, tell: Tell = silent) -> Template:
        """Make one of a descriptor: a tar archive, packed or plain, or a directory.

        NameTakenError; InvalidArgumentError where it cannot be unpacked, or leads out of itself.
        """
        ...

    async def debootstrap(self, name: str, suite: str, tell: Tell = silent) -> Template:
        """Make one of a release of Debian or Ubuntu, from the host's own package sources."""
        ...

    async def remove(self, name: str) -> None:
        """Remove one; WrongStateError where a container is made from it."""
        ...
