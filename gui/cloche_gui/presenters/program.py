"""A program line with quotes as in a shell, and back; nothing is expanded."""

from __future__ import annotations

import shlex


def split(line: str) -> tuple[str, ...]:
    """The words of a line; ValueError with a sentence where a quote is not closed."""
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        reason = "a quote is opened and not closed" if "quotation" in str(error) else str(error)
        raise ValueError(f"The line cannot be split into words: {reason}.") from error


def join(words: tuple[str, ...]) -> str:
    """A line that `split` takes apart into the same words."""
    return shlex.join(words)
