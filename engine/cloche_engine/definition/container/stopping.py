"""`<stop signal='SIGTERM' grace='10'/>`: how its first program is asked to end."""

from __future__ import annotations

import re
from typing import NamedTuple

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.names import parse_integer, short
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

_NAMES = (
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
)  # fmt: skip
_REAL_TIME = re.compile(r"RTMIN(?:\+([0-9]{1,2}))?|RTMAX(?:-([0-9]{1,2}))?")
_RTMIN, _RTMAX = 34, 64
_ENDING = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGPWR", "SIGRTMIN+3")


class Stopping(NamedTuple):
    """The signal by its name, and the seconds that it has; None where the document is silent."""

    stop_signal: str | None = None
    stop_grace: int | None = None


def signal_number(name: str) -> int | None:
    """The number of a signal that is named as kill(1) does, with or without SIG; None if none."""
    plain = name.upper().removeprefix("SIG")
    if plain in _NAMES:
        return _NAMES.index(plain) + 1
    found = _REAL_TIME.fullmatch(plain)
    if found is None:
        return None
    number = _RTMIN + int(found[1] or 0) if plain.startswith("RTMIN") else _RTMAX - int(
        found[2] or 0
    )  # fmt: skip
    return number if _RTMIN <= number <= _RTMAX else None


def read_stopping(report: Report, root: Element) -> Stopping:
    """The element in `<container>`; a signal that there is not is an error."""
    container = root.first("container")
    element = container.first("stop") if container is not None else None
    if element is None:
        return Stopping()
    return Stopping(_signal(report, element), _grace(element))


def _signal(report: Report, element: Element) -> str | None:
    text = element.attributes.get("signal", "").strip()
    if not text:
        return None
    if signal_number(text) is None:
        place = report.tree.attribute_place(element, "signal")
        reason = f"there is no signal '{short(text)}'"
        report.error("signal", place, reason, "possible are " + ", ".join(_ENDING))
        return None
    return "SIG" + text.upper().removeprefix("SIG")


def _grace(element: Element) -> int | None:
    return parse_integer(element.attributes.get("grace", ""))


def stopping_markup(stopping: Stopping) -> tuple[Markup, ...]:
    """The element, if it has anything to say."""
    grace = None if stopping.stop_grace is None else str(stopping.stop_grace)
    attributes = (("signal", stopping.stop_signal), ("grace", grace))
    return (Markup("stop", attributes),) if any(value for _, value in attributes) else ()
