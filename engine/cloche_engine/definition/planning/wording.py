"""Sentences on what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cloche_engine.definition.names import short
from cloche_engine.definition.spec import PortForward, Route, SharedNamespace


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs: its canonical path, a sentence, and whether it can change live."""

    path: str
    sentence: str
    live: bool = False


def text(value: Any) -> str:
    """A value in a sentence; empty where there is none."""
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(text(each) for each in value)
    return _part(value)


def _part(value: Any) -> str:
    match value:
        case Route():
            return f"{value.to} by {value.via}"
        case PortForward():
            return _forward(value)
        case SharedNamespace():
            return f"{value.kind} of {value.how} {short(value.value)}"
        case _:
            return short(str(value))


def _forward(value: PortForward) -> str:
    host = f"{value.address}:" if value.address else ""
    many = f"-{value.end}" if value.end != value.start else ""
    return f"{value.proto} {host}{value.start}{many} to {value.to}"


def instead(subject: str, was: str, now: str) -> str:
    """One sentence on a value that was, is, or both."""
    if was and now:
        return f"{subject}: {now} instead of {was}."
    return f"{subject}: {now}." if now else f"{subject}: no longer {was}."
