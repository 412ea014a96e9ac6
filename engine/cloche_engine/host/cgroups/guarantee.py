"""Memory that a group is to keep: v2 gives it as far as every group above claims as much."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from cloche_engine.host.cgroups.group import Group
from cloche_engine.kernel import files

FILE = "memory.min"
_ANEW = os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
_TRIES = 8


def claim(group: Group, size: int) -> list[str]:
    """Claim for the groups in the one above what they are guaranteed together (cgroup v2).

    size is this one's, in bytes; a sentence where the host gives less.
    """
    tree = group.layout.with_controller("memory")
    if tree is None or tree.version == 1:
        why = "cannot be applied here: only control groups of version 2 guarantee memory"
        return [f"<min_guarantee> {why}"] if size else []
    folder = Path(tree.path, group.name)
    above = [each for each in folder.parents if each.is_relative_to(tree.path)][:-1]
    if above and (size or _held(above[0])):
        _gather(above[0])
    short = [each for each in above if _held(each) < size]
    if not size or not short:
        return []
    gives = min(map(_held, short))
    name = short[-1].relative_to(tree.path)
    return [f"<min_guarantee>: the group /{name} gives {gives >> 10} of {size >> 10} KiB"]


def release(group: Group) -> None:
    """Claim no more above one that is gone than those beside it are guaranteed (cgroup v2)."""
    tree = group.layout.with_controller("memory")
    if tree is None or tree.version == 1:
        return
    parent = Path(tree.path, group.name).parent
    if parent != tree.path and _held(parent):
        _gather(parent)


def _gather(parent: Path) -> None:
    """Give a group the sum of those in it; others may change theirs meanwhile, so look again.

    One that is not ours to write stays as it is.
    """
    with contextlib.suppress(OSError):
        for _ in range(_TRIES):
            total = sum(map(_held, parent.iterdir()))
            if total == _held(parent):
                return
            files.write(f"{parent}/{FILE}", str(total), _ANEW)


def _held(folder: Path) -> int:
    """What a group claims, in bytes; 0 where it has no such file."""
    try:
        text = files.read(f"{folder}/{FILE}").strip()
    except OSError:
        return 0
    return sys.maxsize if text == "max" else int(text or 0)
