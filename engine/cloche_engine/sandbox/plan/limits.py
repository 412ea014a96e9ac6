"""What a plan says of resources."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

DEFAULT_SHARES = 1024
DEFAULT_PERIOD_US = 100_000


@dataclass(frozen=True, slots=True)
class DeviceLimits:
    """What a block device of the host gives: a weight of 10..1000, rates a second; 0 is unset."""

    path: str
    weight: int = 0
    read_bytes_sec: int = 0
    write_bytes_sec: int = 0
    read_iops_sec: int = 0
    write_iops_sec: int = 0


@dataclass(frozen=True, slots=True)
class Rlimit:
    """A limit of each process, as nofile in setrlimit(2); -1 is none.

    Who did not wish for it, because it is a default, gets as much of it as the machine allows.
    """

    name: str
    soft: int
    hard: int
    wished: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What to write: shares in v1 units, sizes in bytes, times in microseconds; 0 means unset.

    cpus and mems are lists as `0-3,8`, the shortest form. memory_swap is memory and swap together.
    oom_group: where one process outgrows the memory, all of them are killed (v2).
    """

    cpu_shares: int = 0
    memory: int = 0
    processes: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0
    cpus: str = ""
    mems: str = ""
    memory_soft: int = 0
    memory_swap: int = 0
    memory_guarantee: int = 0
    io_weight: int = 0
    devices: tuple[DeviceLimits, ...] = ()
    oom_group: bool = False
    rlimits: tuple[Rlimit, ...] = ()

    def fields(self) -> dict[str, Any]:
        """As JSON carries them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Limits:
        """What `fields` made, after JSON; what an older helper does not say is unset."""
        devices = tuple(DeviceLimits(**each) for each in fields.get("devices", ()))
        rlimits = tuple(Rlimit(**each) for each in fields.get("rlimits", ()))
        return cls(**{**fields, "devices": devices, "rlimits": rlimits})
