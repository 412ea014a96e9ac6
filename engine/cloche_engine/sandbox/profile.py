"""Coming under a profile of AppArmor with the next execve (aa_change_onexec(2))."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloche_engine.sandbox.operation import Context

_FILES = ("thread-self/attr/apparmor/exec", "thread-self/attr/exec")


@dataclass(frozen=True, slots=True)
class ChangeProfile:
    """Written to a procfs that was opened before the container's tree: that may hold another.

    The kernel takes it from whoever opened the file alone, so it is opened as the program's user.
    """

    name: str

    def describe(self) -> str:
        """In words."""
        return "take its AppArmor profile"

    def run(self, context: Context) -> None:
        """Do it."""
        proc = context.take("/proc")
        for path in _FILES:
            try:
                file = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
            except FileNotFoundError:
                continue
            try:
                os.write(file, f"exec {self.name}".encode())
            finally:
                os.close(file)
            return
        raise FileNotFoundError(2, "this kernel has no file for it", _FILES[0])
