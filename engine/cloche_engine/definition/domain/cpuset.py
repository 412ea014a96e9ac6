"""Lists of processors and of memory nodes, as `0-3,8`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.names import short
from cloche_engine.definition.schema.domain import MAX_CPUS
from cloche_engine.definition.text.tree import Element

_PART = re.compile(r"(\^?)([0-9]{1,5})(?:-([0-9]{1,5}))?")
_MAX_PARTS = 1024


def read_cpuset(report: Report, element: Element, attribute: str) -> str | None:
    """A list in an attribute, as the kernel takes it: `^N` is worked in."""
    text = element.attributes.get(attribute, "").strip()
    if reason := valid_cpuset(text):
        place = report.tree.attribute_place(element, attribute)
        report.error("cpuset", place, reason, "write it as 0-3,8")
        return None
    return plain_cpuset(text)


def valid_cpuset(text: str) -> str | None:
    """Why a list of processors is refused, None where it is not."""
    parts = text.split(",")
    if len(parts) > _MAX_PARTS:
        return f"a list of more than {_MAX_PARTS} parts is not read"
    for part in map(str.strip, parts):
        found = _PART.fullmatch(part)
        if found is None or (found[1] and found[3]):
            return f"'{short(text)}' is no list of numbers: '{short(part)}' is not understood"
        if int(found[3] or found[2]) < int(found[2]):
            return f"in '{short(text)}' the range {part} runs backwards"
        if int(found[3] or found[2]) >= MAX_CPUS:
            return f"'{short(text)}' goes beyond {MAX_CPUS - 1}"
    return None if numbers(text) else f"'{short(text)}' leaves none over"


def plain_cpuset(text: str) -> str:
    """A valid list without spaces and, where it leaves some out with `^`, written as ranges."""
    if "^" not in text:
        return "".join(text.split())
    return as_ranges(numbers(text))


def as_ranges(listed: Iterable[int]) -> str:
    """Numbers as the shortest list, empty where there are none."""
    found = sorted(listed)
    if not found:
        return ""
    starts = [at for at, one in enumerate(found) if at == 0 or found[at - 1] != one - 1]
    ends = [*(at - 1 for at in starts[1:]), len(found) - 1]
    return ",".join(
        str(found[start]) if start == end else f"{found[start]}-{found[end]}"
        for start, end in zip(starts, ends, strict=True)
    )


def numbers(text: str) -> set[int]:
    """The processors that a valid list names."""
    taken, left_out = bytearray(MAX_CPUS), bytearray(MAX_CPUS)
    for part in map(str.strip, text.split(",")):
        found = _PART.fullmatch(part)
        if found is None:
            continue
        first, last = int(found[2]), int(found[3] or found[2])
        (left_out if found[1] else taken)[first : last + 1] = b"\1" * (last + 1 - first)
    return {at for at, here in enumerate(taken) if here and not left_out[at]}
