"""Which network namespaces there are (network_namespaces(7))."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from pathlib import Path

_HELD_BY = ("/proc/[0-9]*/task/*/ns/net", "/proc/[0-9]*/fd/*")
_MOUNTED = "/proc/[0-9]*/mountinfo"
_NUMBER = re.compile(r"\bnet:\[(\d+)\]")


def living() -> set[int]:
    """The inodes of those that a thread is in, or has open, or that are mounted where one sees it.

    Nobody but root sees all.
    """
    held = {number for pattern in _HELD_BY for name in _paths(pattern) for number in _link(name)}
    return held | {number for name in _paths(_MOUNTED) for number in _lines(name)}


def _paths(pattern: str) -> Iterator[str]:
    """Unlike that of pathlib, glob's own lets processes end meanwhile."""
    return glob.iglob(pattern)  # noqa: PTH207


def _link(name: str) -> list[int]:
    try:
        return _numbers(str(Path(name).readlink()))
    except OSError:  # it ended, or was closed
        return []


def _lines(name: str) -> list[int]:
    try:
        return _numbers(Path(name).read_text(errors="replace"))
    except OSError:
        return []


def _numbers(text: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(text)]
