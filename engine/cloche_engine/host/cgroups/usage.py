"""What a group uses and what it is held to, as the kernel's files say now."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.v2 import WEIGHTS, shares_of

_UNLIMITED = 1 << 60
_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Counts:
    """What grows and falls while a container runs; pressures are percent of the last 10 s.

    throttled_usec is the time in which it wanted to run and its quota was spent.
    """

    cpu_usec: int
    throttled_usec: int
    throttled_periods: int
    memory: int
    processes: int
    oom_kills: int
    read_bytes: int
    written_bytes: int
    cpu_pressure: float
    memory_pressure: float
    io_pressure: float


@dataclass(frozen=True, slots=True)
class Held:
    """What the kernel holds it to, whoever said so; 0 or nothing where there is no limit."""

    memory_peak: int
    memory_limit: int
    memory_soft: int
    memory_swap_limit: int
    processes_limit: int
    cpu_shares: int
    cpu_quota: int
    cpu_period: int
    cpus: str
    mems: str
    io_weight: int


@dataclass(frozen=True, slots=True)
class _Names:
    """The files of one version."""

    memory: str
    peak: str
    limit: str
    soft: str
    events: str
    io: str
    cpus: str
    mems: str


_V1 = _Names(
    "memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.limit_in_bytes",
    "memory.soft_limit_in_bytes", "memory.oom_control", "blkio.throttle.io_service_bytes",
    "cpuset.effective_cpus", "cpuset.effective_mems",
)  # fmt: skip
_V2 = _Names(
    "memory.current", "memory.peak", "memory.max", "memory.high", "memory.events", "io.stat",
    "cpuset.cpus.effective", "cpuset.mems.effective",
)  # fmt: skip
_VERSIONS = {1: _V1, 2: _V2}


class Meter:
    """Reads the files of one group; it keeps them open until it is closed."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._files: dict[str, int] = {}
        self._folders = {name: group.folder(name) for name in ("cpu", "cpuset", "io", "memory",
                                                               "pids", "cpuacct")}  # fmt: skip
        self._old = {
            name for name in self._folders
            if (tree := group.layout.with_controller(name)) and tree.version == 1
        }  # fmt: skip

    def close(self) -> None:
        """Let go of the files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def counts(self) -> Counts:
        """What it uses now; 0 where the host does not count it."""
        stat = _keyed(self._text(self._folders["cpu"], "cpu.stat"))
        throttled = stat.get("throttled_usec", stat.get("throttled_time", 0) // 1000)
        read, written = self._io()
        return Counts(
            self._cpu_usec(stat), throttled, stat.get("nr_throttled", 0),
            self.memory, _number(self._text(self._folders["pids"], "pids.current")),
            self.oom_kills, read, written, *map(self._pressure, ("cpu", "memory", "io")),
        )  # fmt: skip

    def _text(self, folder: str | None, name: str) -> str:
        """All of a file; empty where there is none."""
        if folder is None:
            return ""
        path = f"{folder}/{name}"
        try:
            if path not in self._files:
                self._files[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            return os.pread(self._files[path], _LARGEST, 0).decode()
        except OSError:  # no such file here, or the group is gone
            return ""

    def _memory(self, kind: str) -> str:
        names = _VERSIONS[1 if "memory" in self._old else 2]
        return self._text(self._folders["memory"], getattr(names, kind))

    @property
    def memory(self) -> int:
        """Bytes that it uses, page cache included."""
        return _number(self._memory("memory"))

    @property
    def oom_kills(self) -> int:
        """How many of its processes the kernel killed for want of memory."""
        return _keyed(self._memory("events")).get("oom_kill", 0)

    @property
    def cached(self) -> int:
        """Bytes of page cache in it."""
        found = _keyed(self._text(self._folders["memory"], "memory.stat"))
        return sum(found.get(name, 0) for name in ("active_file", "inactive_file"))

    def _cpu_usec(self, stat: dict[str, int]) -> int:
        # Also without any controller the unified tree counts processor time.
        if "cpu" in self._old:
            if self._group.unified is None:
                return _number(self._text(self._folders["cpuacct"], "cpuacct.usage")) // 1000
            stat = _keyed(self._text(self._group.unified, "cpu.stat"))
        return stat.get("usage_usec", 0)

    def _io(self) -> tuple[int, int]:
        old = "io" in self._old
        text = self._text(self._folders["io"], (_V1 if old else _V2).io)
        pairs = list(_old_io(text) if old else _new_io(text))
        return (
            sum(count for kind, count in pairs if kind == "rbytes"),
            sum(count for kind, count in pairs if kind == "wbytes"),
        )

    def _pressure(self, what: str) -> float:
        """The share of time in which some of it waited; only the unified tree has it."""
        text = self._text(self._group.unified, f"{what}.pressure")
        if not text.startswith("some avg10="):
            return 0.0
        return float(text[11 : text.index(" ", 11)])

    def held(self) -> Held:
        """What the kernel holds it to."""
        old = "cpu" in self._old
        quota, period = self._quota(old=old)
        return Held(
            memory_peak=max(self.memory, _number(self._memory("peak"))),
            memory_limit=_limit(self._memory("limit")),
            memory_soft=_limit(self._memory("soft")),
            memory_swap_limit=self._swap_limit(),
            processes_limit=_limit(self._text(self._folders["pids"], "pids.max")),
            cpu_shares=self._shares(old=old),
            cpu_quota=quota,
            cpu_period=period,
            cpus=self._chosen("cpus"),
            mems=self._chosen("mems"),
            io_weight=self._io_weight(),
        )

    def _swap_limit(self) -> int:
        """Memory and swap together, also on v2, which counts them apart."""
        folder = self._folders["memory"]
        if "memory" in self._old:
            return _limit(self._text(folder, "memory.memsw.limit_in_bytes"))
        swap, memory = self._text(folder, "memory.swap.max").strip(), self._memory("limit").strip()
        return int(swap) + int(memory) if swap.isdecimal() and memory.isdecimal() else 0

    def _shares(self, *, old: bool) -> int:
        name = "cpu.shares" if old else "cpu.weight"
        number = _number(self._text(self._folders["cpu"], name))
        return number if old else shares_of(number)

    def _quota(self, *, old: bool) -> tuple[int, int]:
        folder = self._folders["cpu"]
        if old:
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            words = [self._text(folder, name).strip() for name in names]
        else:
            words = [*self._text(folder, "cpu.max").split(), "", ""]
        return _number(words[0]), _number(words[1])

    def _chosen(self, kind: str) -> str:
        names = _VERSIONS[1 if "cpuset" in self._old else 2]
        return self._text(self._folders["cpuset"], getattr(names, kind)).strip()

    def _io_weight(self) -> int:
        if "io" in self._old:
            return _number(self._text(self._folders["io"], "blkio.bfq.weight"))
        texts = (self._text(self._folders["io"], name) for name in WEIGHTS)
        return next((_keyed(text).get("default", 0) for text in texts if text), 0)


def memory_in_use(group: Group) -> int:
    """Bytes that it uses and cannot give back, page cache left out."""
    with contextlib.closing(Meter(group)) as meter:
        return meter.memory - meter.cached


def oom_kills(group: Group) -> int:
    """How many of its processes the kernel killed for want of memory."""
    with contextlib.closing(Meter(group)) as meter:
        return meter.oom_kills


def _number(text: str) -> int:
    """0 for a file that is missing or says max, none or less."""
    text = text.strip()
    return int(text) if text.isdecimal() else 0


def _limit(text: str) -> int:
    """v1 writes no limit as a number that no machine has."""
    found = _number(text)
    return 0 if found >= _UNLIMITED else found


def _keyed(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _old_io(text: str) -> Iterator[tuple[str, int]]:
    kinds = {"Read": "rbytes", "Write": "wbytes"}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in kinds:
            yield kinds[words[1]], int(words[2])


def _new_io(text: str) -> Iterator[tuple[str, int]]:
    for line in text.splitlines():
        for word in line.split()[1:]:
            kind, _, count = word.partition("=")
            if count.isdecimal():
                yield kind, int(count)
