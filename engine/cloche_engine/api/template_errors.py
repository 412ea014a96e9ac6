"""What every engine says of templates that cannot be made or removed."""

from __future__ import annotations

import re

from cloche_engine.api.errors import (
    InvalidArgumentError,
    NameTakenError,
    NotFoundError,
    WrongStateError,
)
from cloche_engine.definition.names import valid_template_name

_SUITE = re.compile(r"[a-z][a-z0-9.+-]{0,62}")


def check_template_name(name: str) -> None:
    """InvalidArgumentError where no template can be called so."""
    if reason := valid_template_name(name):
        raise InvalidArgumentError(reason, "choose another name, such as debian-12")


def check_suite(suite: str) -> None:
    """InvalidArgumentError where no release is called so."""
    if not _SUITE.fullmatch(suite):
        raise InvalidArgumentError(
            f"{suite!r} is no name of a release", "give one such as bookworm, trixie or noble"
        )


def template_taken(name: str) -> NameTakenError:
    """There is one of that name."""
    return NameTakenError(f"there is a template named {name!r} already", "choose another name")


def missing_template(name: str) -> NotFoundError:
    """There is none of that name."""
    return NotFoundError(
        f"there is no template named {name!r}", "`clochectl template list` shows them all"
    )


def template_in_use(name: str, users: tuple[str, ...]) -> WrongStateError:
    """Containers are made from it."""
    verb = "is" if len(users) == 1 else "are"
    shown = ", ".join(users[:5]) + (", …" if len(users) > 5 else "")
    return WrongStateError(
        f"the template {name!r} cannot be removed: {shown} {verb} made from it",
        "delete those containers, or give them another root, first",
    )
