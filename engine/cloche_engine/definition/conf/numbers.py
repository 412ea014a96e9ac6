"""Numbers of control groups as text formats write them: sizes in bytes, CPU time, CPU lists."""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.schema.domain import (
    MAX_IO_WEIGHT,
    MAX_PERIOD_US,
    MAX_QUOTA_US,
    MIN_IO_WEIGHT,
    MIN_PERIOD_US,
    MIN_QUOTA_US,
)
from cloche_engine.definition.units import UNLIMITED_KIB

DEFAULT_SHARES = 1024

_SIZE = re.compile(r"([0-9]{1,20})([kKmMgGtTpPeE]?)")
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
_MAX_WEIGHT = 10000
_DEFAULT_WEIGHT = 100
# blkio.weight goes from 10 to 1000 around 500, io.weight from 1 to 10000 around 100.
_IO_RATIO = 5


def valid_bytes(text: str) -> str | None:
    """A size as the kernel reads it: bytes, or with K, M, G, T, P or E, each 1024 times more."""
    if _SIZE.fullmatch(text):
        return None
    return f"'{names.short(text)}' is no size in bytes, with K, M or G where wanted"


def bytes_to_kib(text: str) -> int | None:
    """A size in KiB, rounded up; None where it cannot be read, or is no limit at all."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    kib = -(-int(found[1]) * 1024 ** _POWERS[found[2].lower()] // 1024)
    return None if kib >= UNLIMITED_KIB else kib


def valid_quota(quota: int | None, period: int | None) -> str | None:
    """CPU time in a period, in microseconds, as the scheduler takes them."""
    if quota is not None and not MIN_QUOTA_US <= quota <= MAX_QUOTA_US:
        return f"a quota of {quota} microseconds is outside {MIN_QUOTA_US} to {MAX_QUOTA_US}"
    if period is not None and not MIN_PERIOD_US <= period <= MAX_PERIOD_US:
        return f"a period of {period} microseconds is outside {MIN_PERIOD_US} to {MAX_PERIOD_US}"
    return None


def valid_cpus(text: str) -> str | None:
    """A list of processors or memory nodes, as 0-3,8."""
    for part in text.split(","):
        found = _RANGE.fullmatch(part.strip())
        if found is None or (found[2] is not None and int(found[2]) < int(found[1])):
            return f"'{names.short(text)}' is no list like 0-3,8"
    return None


def weight_of(shares: int) -> int:
    """cpu.weight for v1 shares: linear, so that ratios and the default (1024 = 100) stay."""
    weight = round(shares * _DEFAULT_WEIGHT / DEFAULT_SHARES)
    return max(1, min(_MAX_WEIGHT, weight))


def shares_of(weight: int) -> int:
    """v1 shares for a cpu.weight, the other way round."""
    shares = round(weight * DEFAULT_SHARES / _DEFAULT_WEIGHT)
    return max(names.MIN_SHARES, min(names.MAX_SHARES, shares))


def io_weight_of(weight: int) -> int:
    """io.weight of v2 for a blkio.weight of v1: linear, the default (500 = 100) stays."""
    return max(1, round(weight / _IO_RATIO))


def blkio_weight_of(weight: int) -> int:
    """A blkio.weight for an io.weight, the other way round."""
    return max(MIN_IO_WEIGHT, min(MAX_IO_WEIGHT, weight * _IO_RATIO))
