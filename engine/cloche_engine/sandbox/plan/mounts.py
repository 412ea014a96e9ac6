"""What a plan says of mounts, and what the parent found out about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cloche_engine.kernel.constants import MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID
from cloche_engine.sandbox.plan.packing import packed

SAFE = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV


class SourceKind(StrEnum):
    """What the source of a mount is."""

    TREE = "tree"
    TEMPLATE = "template"
    RAM = "ram"
    IMAGE = "image"
    BLOCK = "block"
    INSIDE = "inside"


class Owners(StrEnum):
    """Whose files are somebody's inside: those of the same numbers, of the block, or of one user.

    The block is that of the container's host ids; the one user may be another one inside.
    """

    SAME = "same"
    BLOCK = "block"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class OneOwner:
    """The user and group of the host whose files these are, and who they are inside."""

    uid: int
    gid: int
    inside_uid: int
    inside_gid: int


@dataclass(frozen=True, slots=True)
class MountPlan:
    """One declared mount; `attributes` are MOUNT_ATTR_*, without the one for read-only.

    source is a path of the host, or of the container where the kind says so, and empty for a tmpfs
    of `size_kib`; upper is the folder that takes what is written to a template.
    """

    source: str
    target: str
    readonly: bool = False
    size_kib: int = 0
    line: int = 0
    column: int = 0
    kind: SourceKind = SourceKind.TREE
    attributes: int = SAFE
    upper: str = ""
    owners: Owners = Owners.SAME
    owner: OneOwner | None = None

    @property
    def from_outside(self) -> bool:
        """Whether the parent opens it, as one mount."""
        return self.kind in {SourceKind.TREE, SourceKind.IMAGE, SourceKind.BLOCK}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> MountPlan:
        """What packing made of one, after JSON; also of an older plan."""
        kind = fields.get("kind", SourceKind.TREE if fields["source"] else SourceKind.RAM)
        owner = fields.get("owner")
        changed = {
            "kind": SourceKind(kind),
            "owners": Owners(fields.get("owners", Owners.SAME)),
            "owner": OneOwner(**owner) if owner else None,
        }
        return cls(**{**fields, **changed})


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
        return packed(self)

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
