"""What a plan says of resources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What to write: shares in v1 units, memory in bytes, number of processes; 0 means unset."""

    cpu_shares: int = 0
    memory: int = 0
    processes: int = 0
