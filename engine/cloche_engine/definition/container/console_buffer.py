"""`<console_buffer unit='KiB'>256</console_buffer>`: how much of the console's output is kept."""

from __future__ import annotations

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.values import size_unit
from cloche_engine.definition.names import is_whole, short
from cloche_engine.definition.text.tree import Element
from cloche_engine.definition.units import (
    CONSOLE_KIB,
    MAX_CONSOLE_KIB,
    MIN_CONSOLE_KIB,
    readable,
    to_kib,
    valid_unit,
)

ELEMENT = "console_buffer"
_LEAST, _MOST = readable(MIN_CONSOLE_KIB), readable(MAX_CONSOLE_KIB)


def read_console_buffer(report: Report, root: Element) -> int | None:
    """The size in KiB; None where the document is silent or the size, told as an error, no use."""
    element = root.first(ELEMENT)
    if element is None:
        return None
    text, unit = element.text.strip(), size_unit(element)
    if valid_unit(unit):  # the schema's to report
        return None
    reason = _reason(text, unit)
    if reason:
        span = f"{_LEAST} to {_MOST}; leave the element out for {readable(CONSOLE_KIB)}"
        place = report.tree.text_place(element)
        report.error(ELEMENT, place, f"<{ELEMENT}>: {reason}", span)
        return None
    return to_kib(text, unit)


def _reason(text: str, unit: str) -> str:
    if not is_whole(text):
        return f"'{short(text)}' is no whole number"
    kib = to_kib(text, unit)
    if text.startswith("-") or (kib is not None and kib < MIN_CONSOLE_KIB):
        return f"{short(text)} {unit} is less than {_LEAST}"
    if kib is None or kib > MAX_CONSOLE_KIB:
        return f"{short(text)} {unit} is more than {_MOST}"
    return ""
