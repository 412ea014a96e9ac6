"""What a plan says of mounts, and what the parent found out about them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MountPlan:
    """One declared mount; `source` is empty for a tmpfs of `size_kib`."""

    source: str
    target: str
    readonly: bool = False
    size_kib: int = 0
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class HostRoot:
    """What of the host's root a container that shares it gets; without it the root is a tree."""

    directories: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    private: tuple[tuple[str, int], ...]
    covered: tuple[str, ...]
    """Directories inside the bound ones that get an empty tmpfs of their own, such as /var/tmp."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the parent found out about a plan's mounts, one by one, and its shared root if any."""

    directories: tuple[bool, ...] = ()
    creatable: tuple[bool, ...] = ()
    host_root: HostRoot | None = None

    def to_json(self) -> str:
        """One line that from_json reads back."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Surroundings:
        """What to_json wrote."""
        fields: dict[str, Any] = json.loads(text)
        shared = fields["host_root"]
        return cls(
            tuple(fields["directories"]), tuple(fields["creatable"]),
            None if shared is None else HostRoot(
                tuple(shared["directories"]), tuple((n, t) for n, t in shared["links"]),
                tuple((n, m) for n, m in shared["private"]), tuple(shared["covered"]),
            ),
        )  # fmt: skip
