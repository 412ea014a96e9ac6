"""A part of a tree that is kept as it was before a step, and put back or let go of after it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import move_mount, open_tree
from cloche_engine.sandbox.operation import Context


@dataclass(frozen=True, slots=True)
class KeepAside:
    """Keep a part of a tree as it is now, for the case that it shall be so in spite of all."""

    path: str

    def describe(self) -> str:
        """In words."""
        return f"keep {self.path} aside"

    def run(self, context: Context) -> None:
        """Do it."""
        context.descriptors[self.path] = open_tree(k.AT_FDCWD, self.path)


@dataclass(frozen=True, slots=True)
class PutBack:
    """What was kept aside covers what became of it."""

    path: str

    def describe(self) -> str:
        """In words."""
        return f"put {self.path} back"

    def run(self, context: Context) -> None:
        """Do it."""
        move_mount(context.take(self.path), k.AT_FDCWD, self.path)


@dataclass(frozen=True, slots=True)
class LetGo:
    """What was kept aside is not wanted: the program's execve shall not wait for its unmounting."""

    path: str

    def describe(self) -> str:
        """In words."""
        return f"let go of {self.path}"

    def run(self, context: Context) -> None:
        """Do it."""
        os.close(context.descriptors.pop(self.path))
