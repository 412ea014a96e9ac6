"""Amounts of memory as people write them."""

from __future__ import annotations

UNITS = {"KiB": 1, "MiB": 1024, "GiB": 1024 * 1024}


def in_best_unit(kib: int) -> tuple[int, str]:
    """The amount in the largest unit that states it exactly."""
    for unit in ("GiB", "MiB"):
        if kib and kib % UNITS[unit] == 0:
            return kib // UNITS[unit], unit
    return kib, "KiB"


def kib(amount: int, unit: str) -> int:
    """The amount in KiB."""
    return amount * UNITS[unit]
