"""How people name a container: by its name or by its uuid in any usual spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cloche_engine.api.errors import NotFoundError
from cloche_engine.api.model import Container

_SHOWN = 80
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


def uuid_of(ref: str) -> str | None:
    """The 32 lower-case hex digits that `ref` spells, or None where it is no uuid."""
    return ref.replace("-", "").lower() if _UUID.fullmatch(ref) else None


def find(containers: Iterable[Container], ref: str) -> Container:
    """The container that `ref` means; a uuid wins over a name that looks like one."""
    known = list(containers)
    uuid = uuid_of(ref)
    for container in known:
        if container.uuid == uuid:
            return container
    for container in known:
        if container.name == ref:
            return container
    raise not_found(ref)


def not_found(ref: str) -> NotFoundError:
    """The error for a name or uuid that nothing has."""
    shown = ref if len(ref) <= _SHOWN else ref[:_SHOWN] + "…"
    return NotFoundError(
        f"there is no container {shown!r}", "look at the list for the names that there are"
    )
