"""What a definition may say and a start cannot give yet."""

from __future__ import annotations

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.definition.spec import Location


def place(location: Location | None) -> tuple[int, int]:
    """Line and column; 0, 0 where there is none."""
    return (location.line, location.column) if location else (0, 0)


def refusal(message: str, hint: str, location: Location | None = None) -> UnsupportedError:
    """The error to raise, which names the place in the document."""
    line, column = place(location)
    details = {"line": str(line), "column": str(column)} if line else {}
    return UnsupportedError(message, hint, details)
