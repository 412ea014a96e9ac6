"""The plan of one start."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cloche_engine.kernel.constants import MOUNT_ATTR_NODEV
from cloche_engine.sandbox.plan.ending import EndingPlan
from cloche_engine.sandbox.plan.limits import Limits
from cloche_engine.sandbox.plan.links import LinkPlan
from cloche_engine.sandbox.plan.mounts import MountPlan
from cloche_engine.sandbox.plan.packing import packed
from cloche_engine.sandbox.plan.rights import ORDINARY, Rights


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """One start of one container."""

    uuid: str
    name: str
    hostname: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    directory: str
    user: str
    group: str
    root: MountPlan | None
    mounts: tuple[MountPlan, ...]
    links: tuple[LinkPlan, ...]
    nameservers: tuple[str, ...]
    id_base: int
    id_count: int
    limits: Limits
    runtime: str
    log: str
    exit_record: str
    ending: EndingPlan = field(default_factory=EndingPlan)
    rights: Rights = ORDINARY
    profile: str = ""
    """A compiled profile of AppArmor, where the host has it."""
    console_bytes: int = 256 * 1024
    """How much of what its console says is kept."""

    @property
    def owner(self) -> tuple[int, int]:
        """User and group that its root is on the host."""
        groups = self.rights.gid_map
        return self.id_base, groups[0][1] if groups else self.id_base

    @property
    def groups(self) -> int:
        """How many groups it has without a gap, from its root's on."""
        return self.rights.gid_map[0][2] if self.rights.gid_map else self.id_count

    def to_json(self) -> str:
        """One line that from_json reads back; as large as its UTF-8 text, whatever is in it."""
        return packed(self)

    @classmethod
    def from_json(cls, text: str) -> LaunchPlan:
        """The plan that to_json wrote."""
        fields: dict[str, Any] = json.loads(text)
        fields["argv"] = tuple(fields["argv"])
        fields["environment"] = tuple((name, value) for name, value in fields["environment"])
        fields["root"] = _root(fields["root"], readonly=fields.pop("root_readonly", False))
        fields["mounts"] = tuple(map(MountPlan.from_fields, fields["mounts"]))
        fields["nameservers"] = tuple(fields["nameservers"])
        fields["links"] = tuple(LinkPlan.from_fields(link) for link in fields["links"])
        fields["limits"] = Limits.from_fields(fields["limits"])
        fields["ending"] = EndingPlan(**fields.get("ending", {}))
        fields["rights"] = Rights.from_fields(fields.get("rights", {}))
        return cls(**fields)


def _root(found: dict[str, Any] | str | None, *, readonly: bool) -> MountPlan | None:
    """The root of a plan; an older one names a directory, or nothing where the host's is shared."""
    if not found:
        return None
    if isinstance(found, str):
        return MountPlan(found, "/", readonly, attributes=MOUNT_ATTR_NODEV)
    return MountPlan.from_fields(found)
