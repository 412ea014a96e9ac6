"""Limits of each process (setrlimit(2)): lowered by the program itself, raised from outside."""

from __future__ import annotations

import errno
import resource
from dataclasses import dataclass

from cloche_engine.sandbox.operation import Context
from cloche_engine.sandbox.plan.limits import Rlimit

_LOCKS = 10  # the resource module has no name for it
_INFINITY = resource.RLIM_INFINITY
NUMBERS = {
    "as": resource.RLIMIT_AS, "core": resource.RLIMIT_CORE, "cpu": resource.RLIMIT_CPU,
    "data": resource.RLIMIT_DATA, "fsize": resource.RLIMIT_FSIZE, "locks": _LOCKS,
    "memlock": resource.RLIMIT_MEMLOCK, "msgqueue": resource.RLIMIT_MSGQUEUE,
    "nice": resource.RLIMIT_NICE, "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC, "rss": resource.RLIMIT_RSS, "rtprio": resource.RLIMIT_RTPRIO,
    "rttime": resource.RLIMIT_RTTIME, "sigpending": resource.RLIMIT_SIGPENDING,
    "stack": resource.RLIMIT_STACK,
}  # fmt: skip
"""What the kernel calls the limits of the definition."""


def is_above(one: int, other: int) -> bool:
    """Whether a limit is the larger one; -1 is none."""
    return other != _INFINITY and (one == _INFINITY or one > other)


def within(wanted: Rlimit, allowed: int) -> tuple[int, int]:
    """Soft and hard, a default lowered to what is allowed."""
    if wanted.wished or not is_above(wanted.hard, allowed):
        return wanted.soft, wanted.hard
    return allowed if is_above(wanted.soft, allowed) else wanted.soft, allowed


@dataclass(frozen=True, slots=True)
class SetRlimits:
    """Set them last: what makes the container ready needs files and memory of its own."""

    limits: tuple[Rlimit, ...]

    def describe(self) -> str:
        """In words."""
        return "limit each process"

    def run(self, context: Context) -> None:
        """Do it."""
        for each in self.limits:
            number = NUMBERS[each.name]
            try:
                resource.setrlimit(number, within(each, resource.getrlimit(number)[1]))
            except ValueError as error:  # how the module tells EINVAL, and EPERM too
                raise OSError(errno.EPERM, str(error), f"<rlimit {each.name}>") from error
