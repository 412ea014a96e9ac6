"""Limits of each process, seen from outside: raised before a start, changed while it runs."""

from __future__ import annotations

import contextlib
import errno
import resource
from collections.abc import Callable

from cloche_engine.host.cgroups.setting import LimitError
from cloche_engine.sandbox.plan.limits import Rlimit
from cloche_engine.sandbox.rlimits import NUMBERS, is_above, within

_ROUNDS = 100
_Held = tuple[int, int]


def make_room(pid: int, limits: tuple[Rlimit, ...]) -> list[str]:
    """Let a process take these limits itself; which defaults were lowered, in sentences.

    LimitError where this machine does not let root give so much.
    """
    lowered = []
    for each in limits:
        soft, hard = resource.prlimit(pid, NUMBERS[each.name])
        if not is_above(each.hard, hard):
            continue
        try:
            resource.prlimit(pid, NUMBERS[each.name], (soft, each.hard))
        except (PermissionError, ValueError) as error:
            words = f"<rlimit {each.name}>: {hard} is the most that may be given here"
            if each.wished:
                raise LimitError(errno.EPERM, f"{words}, not {each.hard}") from error
            lowered.append(words)
    return lowered


def change(
    members: Callable[[], list[int]], wanted: tuple[Rlimit, ...], before: tuple[Rlimit, ...]
) -> list[str]:
    """Give every process other limits; what is not wanted any more becomes as it is here.

    After a LimitError all have those that they had. New ones are looked for until there is none.
    """
    names = {each.name for each in wanted}
    lifted = tuple(_own(each.name) for each in before if each.name not in names)
    changed: dict[tuple[int, str], _Held] = {}
    lowered: list[str] = []
    seen: set[int] = set()
    try:
        for _ in range(_ROUNDS):
            new = set(members()) - seen
            if not new:
                break
            for pid in new:
                lowered = _give(pid, (*wanted, *lifted), changed) or lowered
            seen |= new
    except LimitError:
        for (pid, name), held in changed.items():
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(pid, NUMBERS[name], held)
        raise
    return lowered


def _own(name: str) -> Rlimit:
    """What this process has: a container gets that where nobody says otherwise."""
    return Rlimit(name, *resource.getrlimit(NUMBERS[name]), wished=False)


def _give(pid: int, limits: tuple[Rlimit, ...], changed: dict[tuple[int, str], _Held]) -> list[str]:
    with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
        held = {each.name: resource.prlimit(pid, NUMBERS[each.name]) for each in limits}
        lowered = make_room(pid, limits)
        for each in limits:
            number = NUMBERS[each.name]
            changed[pid, each.name] = held[each.name]
            resource.prlimit(pid, number, within(each, resource.prlimit(pid, number)[1]))
        return lowered
    return []
