"""Definitions from files and from standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.definition.problem import Problem

_ENOUGH = 1024 * 1024
"""More than any definition may have; what follows need not be read to refuse it."""


def read(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`; at most a megabyte of them."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(_ENOUGH)
        with Path(name).open("rb") as file:
            return file.read(_ENOUGH)
    except OSError as error:
        raise EngineError(
            f"cannot read {name}: {error.strerror}", "check the name and your permissions"
        ) from error


def shown(name: str) -> str:
    """How a file is called in messages."""
    return "<stdin>" if name == "-" else name


def sentence(problem: Problem, name: str) -> str:
    """The message for the first error of a file."""
    return f"{shown(name)}:{problem.line}:{problem.column}: {problem.code}: {problem.reason}"
