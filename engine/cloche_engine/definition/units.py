"""Sizes with units as libvirt reads them, in KiB rounded up."""

from __future__ import annotations

from cloche_engine.definition.names import is_whole, parse_integer, short

UNLIMITED_KIB = 9007199254740991
MIN_MEMORY_KIB = 512
MIN_CONSOLE_KIB, MAX_CONSOLE_KIB, CONSOLE_KIB = 4, 16384, 256
"""Least and most of a console's output that can be kept, and how much is where nobody says."""

_LETTERS = "kmgtpe"


def _table() -> dict[str, int]:
    units = {"b": 1, "byte": 1, "bytes": 1}
    for power, letter in enumerate(_LETTERS, start=1):
        units[letter] = units[f"{letter}ib"] = 1024**power
        units[f"{letter}b"] = 1000**power
    return units


UNITS = _table()
"""Bytes of each unit, by lower-case name; KB is 1000, K and KiB are 1024."""


def valid_unit(text: str) -> str | None:
    """Why a unit is not known, None where it is."""
    if text.lower() in UNITS:
        return None
    return f"the unit '{short(text)}' is not known: b, KiB, MiB, GiB or KB, MB, GB"


def to_kib(text: str, unit: str = "KiB") -> int | None:
    """A size in KiB, rounded up; None where number or unit cannot be read."""
    number = parse_integer(text)
    scale = UNITS.get(unit.lower())
    if number is None or scale is None:
        return None
    return -(-number * scale // 1024)


def from_kib(kib: int, unit: str) -> str | None:
    """A size written in that unit, None where it has no whole number there."""
    scale = UNITS.get(unit.lower())
    if scale is None:
        return None
    number, rest = divmod(kib * 1024, scale)
    return None if rest else str(number)


def valid_size(text: str, unit: str, minimum: int = 1) -> str | None:
    """Why a size cannot be used, None where it can; minimum is in KiB."""
    if reason := valid_unit(unit):
        return reason
    kib = to_kib(text, unit)
    if kib is None and not is_whole(text):
        return f"'{short(text)}' is no whole number"
    if text.startswith("-") or (kib is not None and kib < minimum):
        return f"{short(text)} {unit} is less than {minimum} KiB, too little for any program"
    if kib is None or kib > UNLIMITED_KIB:
        return f"{short(text)} {unit} is more than a limit can be"
    return None


def readable(kib: int) -> str:
    """A size for people, exact: in the largest unit that has a whole number of it."""
    if kib >= UNLIMITED_KIB:
        return "no limit"
    for power, unit in ((3, "TiB"), (2, "GiB"), (1, "MiB")):
        if kib and kib % 1024**power == 0:
            return f"{kib >> 10 * power} {unit}"
    return f"{kib} KiB"
