"""The error for a document that cannot be stored; the helper and the one in memory say the same."""

from __future__ import annotations

from cloche_engine.api.errors import InvalidDefinitionError
from cloche_engine.definition.problem import DefinitionError

_FILE = "definition"


def refused_definition(error: DefinitionError) -> InvalidDefinitionError:
    """The first of its errors in words and by its place; all of them, a line each, in details."""
    errors = [problem for problem in error.problems if problem.is_error]
    if not errors:
        return InvalidDefinitionError(str(error))
    first = errors[0]
    details = {
        "line": str(first.line),
        "column": str(first.column),
        "code": first.code,
        "problems": "\n".join(problem.render(_FILE) for problem in errors),
    }
    return InvalidDefinitionError(str(error), first.hint, details)
