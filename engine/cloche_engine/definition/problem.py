"""What is wrong with a document, where, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a problem keeps the document from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Put `text` in the place of the bytes from start up to end of a document's UTF-8 body."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a problem: its name, one sentence that says what it does, and its edits."""

    name: str
    description: str
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding; line and column start at 1, columns count characters."""

    code: str
    severity: Severity
    line: int
    column: int
    reason: str
    hint: str = ""
    fixes: tuple[Fix, ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        """Line and column."""
        return self.line, self.column

    @property
    def is_error(self) -> bool:
        """Whether it keeps the document from being used."""
        return self.severity is Severity.ERROR

    def render(self, file: str) -> str:
        """One line as compilers write it: FILE:LINE:COL: error: CODE: reason; hint."""
        tail = f"; {self.hint}" if self.hint else ""
        place = f"{file}:{self.line}:{self.column}"
        return f"{place}: {self.severity}: {self.code}: {self.reason}{tail}"


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems as they stand in the document; those of one place as they were found."""
    return tuple(sorted(problems, key=lambda problem: problem.place))


class DefinitionError(ValueError):
    """The document has errors; `problems` holds all that was found, in order of place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_summary(self.problems))


def _summary(problems: tuple[Problem, ...]) -> str:
    errors = [problem for problem in problems if problem.is_error]
    if not errors:
        return "the definition cannot be used"
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"line {first.line}, column {first.column}: {first.reason}{more}"
