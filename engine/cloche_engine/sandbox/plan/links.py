"""What a plan says of network interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> LinkPlan:
        """What dataclasses.asdict made of one, after JSON."""
        fields["routes"] = tuple(RoutePlan(**route) for route in fields["routes"])
        for name in ("gateway_addresses", "addresses"):
            fields[name] = tuple(fields[name])
        return cls(**fields)
