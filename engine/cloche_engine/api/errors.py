"""Errors that the engine raises on purpose; each has a D-Bus name, a cause and a next step."""

from __future__ import annotations

from typing import ClassVar

PREFIX = "org.cloche.Engine1.Error."


class EngineError(Exception):
    """What went wrong and why (`message`), and what to do about it (`hint`)."""

    wire_name: ClassVar[str] = PREFIX + "Failed"

    def __init__(self, message: str, hint: str = "", details: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = dict(details or {})

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class NotFoundError(EngineError, LookupError):
    """No container has this name or uuid."""

    wire_name = PREFIX + "NotFound"


class NameTakenError(EngineError):
    """Another container has this name or uuid already."""

    wire_name = PREFIX + "NameTaken"


class InvalidDefinitionError(EngineError, ValueError):
    """The document cannot be used; details: line, column, code of the first problem, `problems`.

    problems holds one line for each error that there is.
    """

    wire_name = PREFIX + "InvalidDefinition"


class WrongStateError(EngineError):
    """The container is not in a state in which this can be done."""

    wire_name = PREFIX + "WrongState"


class StartFailedError(EngineError):
    """The container did not start; details: step, errno, and line and column where known."""

    wire_name = PREFIX + "StartFailed"


class CancelledError(EngineError):
    """Somebody cancelled the job."""

    wire_name = PREFIX + "Cancelled"


class ConflictError(EngineError):
    """Someone else saved the definition meanwhile; details: etag of what is stored."""

    wire_name = PREFIX + "Conflict"


class RefusedError(EngineError, PermissionError):
    """polkit or the bus did not allow it."""

    wire_name = PREFIX + "Refused"


class UnavailableError(EngineError, ConnectionError):
    """The helper cannot be reached or went away."""

    wire_name = PREFIX + "Unavailable"


class TimedOutError(EngineError, TimeoutError):
    """It did not happen in the time given."""

    wire_name = PREFIX + "TimedOut"


class InvalidArgumentError(EngineError, ValueError):
    """An argument of the call is out of its range or of the wrong type."""

    wire_name = PREFIX + "InvalidArgument"


class UnsupportedError(EngineError):
    """The host, or this version of Cloche, cannot do it."""

    wire_name = PREFIX + "Unsupported"


BY_WIRE_NAME: dict[str, type[EngineError]] = {
    kind.wire_name: kind
    for kind in (
        EngineError,
        NotFoundError,
        NameTakenError,
        InvalidDefinitionError,
        WrongStateError,
        StartFailedError,
        ConflictError,
        RefusedError,
        UnavailableError,
        TimedOutError,
        InvalidArgumentError,
        UnsupportedError,
        CancelledError,
    )
}
