"""Why a start failed, in a sentence, with the place in the definition and the next step."""

from __future__ import annotations

import errno
import re

from cloche_engine.api.errors import StartFailedError
from cloche_engine.core.explaining.blame import Failure, Fields
from cloche_engine.core.explaining.words import words_for
from cloche_engine.definition.nodes import Part, place_of
from cloche_engine.sandbox.plan.launch import LaunchPlan

_LONGEST = 1000
_TOLD = ("step", "operation", "call", "errno", "line", "column")
_PARTS = {
    "Execute": Part.PROGRAM,
    "SetIdentity": Part.USER,
    "ChangeDirectory": Part.DIRECTORY,
    "SetHostname": Part.HOSTNAME,
    "AttachRoot": Part.ROOT,
    "TreeRefusedError": Part.ROOT,
}


def start_failed(
    fields: Fields, plan: LaunchPlan, who: str = "", definition: bytes = b""
) -> StartFailedError:
    """The error for a monitor's blame; `who` did not start, the container by default.

    It looks at the program where that is at fault, so it may wait for a disk. Names come from
    callers and from files of the container: none may move anybody's cursor.
    """
    failure = Failure(fields, plan, further=bool(who))
    message, hint = words_for(failure)
    details = {name: shown(str(fields[name])) for name in _TOLD if fields.get(name)}
    if name := errno.errorcode.get(failure.errno):
        details["name"] = name
    if definition and "line" not in details:
        details |= _place(failure, definition)
    sentence = f"{shown(who) or plan.name} did not start: {shown(message)}"
    return StartFailedError(sentence, shown(hint), details)


def _place(failure: Failure, definition: bytes) -> dict[str, str]:
    part = _part(failure)
    place = place_of(definition, part) if part else None
    return {"line": str(place.line), "column": str(place.column)} if place else {}


def _part(failure: Failure) -> Part | str | None:
    operation = failure.fields.get("operation")
    if failure.fields.get("killed_for_memory"):
        return "memory"
    if operation == "LimitError":  # it names the definition's word
        word = re.search(r"<(\w+)", failure.text)
        return word[1] if word else None
    if failure.errno == errno.E2BIG:
        return _larger(failure.plan)
    return _PARTS.get(str(operation))


def _larger(plan: LaunchPlan) -> Part:
    """What fills more of the room that execve has for both."""
    arguments = sum(map(len, plan.argv))
    variables = sum(len(name) + len(value) for name, value in plan.environment)
    return Part.ARGUMENTS if arguments > variables else Part.ENVIRONMENT


def shown(text: str) -> str:
    """The text on one line, without control characters, and no longer than a sentence may be."""
    plain = "".join(one if one.isprintable() else "\ufffd" for one in text)
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "…"
