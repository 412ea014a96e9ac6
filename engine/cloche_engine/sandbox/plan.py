"""What a start needs to know, free of XML: handed from the helper to the monitor as JSON."""

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
class RoutePlan:
    """A route inside; `to` in prefix notation."""

    to: str
    via: str
    metric: int | None = None


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A veth: on an existing bridge, or on a private one of ours that carries the gateway."""

    outer: str
    inner: str
    bridge: str
    private: bool
    gateway_addresses: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    routes: tuple[RoutePlan, ...] = ()
    mac: str = ""
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


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """One start of one container; memory in bytes, cpu_shares in cgroup v1 units, 0 means unset."""

    uuid: str
    name: str
    hostname: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    directory: str
    user: str
    group: str
    root: str
    root_readonly: bool
    mounts: tuple[MountPlan, ...]
    link: LinkPlan | None
    nameservers: tuple[str, ...]
    id_base: int
    id_count: int
    cpu_shares: int
    memory: int
    processes: int
    runtime: str
    log: str
    exit_record: str

    def to_json(self) -> str:
        """One line that from_json reads back; as large as its UTF-8 text, whatever is in it."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> LaunchPlan:
        """The plan that to_json wrote."""
        fields: dict[str, Any] = json.loads(text)
        fields["argv"] = tuple(fields["argv"])
        fields["environment"] = tuple((name, value) for name, value in fields["environment"])
        fields["mounts"] = tuple(MountPlan(**mount) for mount in fields["mounts"])
        fields["nameservers"] = tuple(fields["nameservers"])
        fields["link"] = _link(fields["link"])
        return cls(**fields)


def _link(fields: dict[str, Any] | None) -> LinkPlan | None:
    if fields is None:
        return None
    fields["routes"] = tuple(RoutePlan(**route) for route in fields["routes"])
    for name in ("gateway_addresses", "addresses"):
        fields[name] = tuple(fields[name])
    return LinkPlan(**fields)
