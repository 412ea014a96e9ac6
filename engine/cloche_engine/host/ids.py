"""Blocks of 65,536 host ids, one per container, never overlapping (user_namespaces(7))."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.host.saving import saved_in

COUNT = 65536
EVERY_ID = 2**32 - 1
"""How many ids there are: the last of 2**32 stands for none."""
_FIRST = 1_200_000_000
_LAST = 1_800_000_000


class NoIdsLeftError(Exception):
    """Every block is taken."""


@dataclass(frozen=True, slots=True)
class Range:
    """`count` ids from `first` on."""

    first: int
    count: int

    def overlaps(self, other: Range) -> bool:
        """Whether an id lies in both."""
        return self.first < other.first + other.count and other.first < self.first + self.count


class IdBlocks:
    """Which container has which block, kept in one file; stable until it is given back."""

    def __init__(self, file: Path, foreign: Iterable[Range] | None = None) -> None:
        self._file = file
        self._known: dict[str, int] = {}
        self._owed: set[str] = set()
        self._foreign = tuple(foreign if foreign is not None else subordinate_ranges())

    def block_for(self, uuid: str) -> int:
        """The first host id of a container's block; taken now if it has none.

        EngineError where that cannot be written, or what is written cannot be read.
        """
        if uuid not in self._known:
            with (
                saved_in(self._file.parent, "the range of user ids"),
                _readable(self._file),
                self._locked() as taken,
            ):
                self._owed.discard(uuid)
                if uuid not in taken:
                    self._repay(taken)
                    taken[uuid] = self._free(set(taken.values()))
                    self._save(taken)
                    self._owed.clear()
                self._known[uuid] = taken[uuid]
        return self._known[uuid]

    def give_back(self, uuid: str) -> None:
        """Free a container's block; on a full disk with the next that is taken or given back."""
        self._known.pop(uuid, None)
        self._owed.add(uuid)
        with contextlib.suppress(OSError, ValueError), self._locked() as taken:
            self._save_less(taken)

    def keep_only(self, known: Collection[str]) -> None:
        """Free the blocks of all others: of what was gone before that could be written."""
        with contextlib.suppress(OSError, ValueError), self._locked() as taken:
            self._owed.update(taken.keys() - set(known))
            self._save_less(taken)

    def _save_less(self, taken: dict[str, int]) -> None:
        if self._repay(taken):
            self._save(taken)
        self._owed.clear()

    def _repay(self, taken: dict[str, int]) -> bool:
        """Take out what was given back; whether that is anything."""
        found = self._owed & taken.keys()
        for uuid in found:
            del taken[uuid]
        return bool(found)

    def _locked(self) -> _Locked:
        return _Locked(self._file)

    def _free(self, used: set[int]) -> int:
        for first in range(_FIRST, _LAST, COUNT):
            block = Range(first, COUNT)
            if first not in used and not any(block.overlaps(other) for other in self._foreign):
                return first
        raise NoIdsLeftError("every block of user ids is taken")

    def _save(self, taken: dict[str, int]) -> None:
        temporary = self._file.with_suffix(".new")
        try:
            temporary.write_text(json.dumps(taken, indent=1))
            temporary.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


class _Locked:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = -1

    def __enter__(self) -> dict[str, int]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._lock = os.open(self._file.with_suffix(".lock"), flags, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            taken = _checked(json.loads(self._file.read_text()))
        except FileNotFoundError:
            return {}
        except BaseException:  # no __exit__ follows, and whoever comes next would wait for ever
            os.close(self._lock)
            raise
        return taken

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)


def _checked(found: object) -> dict[str, int]:
    """What was read; ValueError where it is no record of blocks."""
    if isinstance(found, dict) and all(type(first) is int for first in found.values()):
        return found
    raise ValueError("no record of blocks")


@contextlib.contextmanager
def _readable(file: Path) -> Iterator[None]:
    """EngineError in place of what a damaged file raises."""
    try:
        yield
    except ValueError as error:
        raise EngineError(
            f"{file} is damaged, so that nobody knows which ranges of user ids are free",
            "restore it from a backup, or remove it while no container runs",
        ) from error


def subordinate_ranges(
    files: Iterable[Path] = (Path("/etc/subuid"), Path("/etc/subgid")),
) -> list[Range]:
    """Ranges that belong to users (subuid(5))."""
    ranges = []
    for file in files:
        try:
            lines = file.read_text().splitlines()
        except OSError:
            continue
        fields = (line.split(":") for line in lines)
        ranges += [
            Range(int(f[1]), int(f[2])) for f in fields
            if len(f) == 3 and f[1].isdecimal() and f[2].isdecimal()
        ]  # fmt: skip
    return ranges
