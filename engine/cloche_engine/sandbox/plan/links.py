"""What a plan says of network interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

OUR_PREFIXES = ("clv", "clm", "clb")
"""How the links that we make on the host are called: ends of a pair, and bridges."""

PRIVATE = "clbp"
"""How private bridges are, which lead to the host and no further."""


class LinkKind(StrEnum):
    """How an interface comes into being."""

    VETH = "veth"
    MACVLAN = "macvlan"
    PHYSICAL = "physical"


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A route inside; `to` in prefix notation."""

    to: str
    via: str
    metric: int | None = None


@dataclass(frozen=True, slots=True)
class ForwardPlan:
    """Ports of the host that lead to those inside from `to` on; host is empty for every address."""

    proto: str
    host: str
    start: int
    end: int
    to: int


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """An interface; `outer` names what of it is on the host, in front of all others.

    A veth is on an existing bridge, on a private one of ours that carries the gateway, or, where
    `bridge` is empty, on none; `host_name` is what its outer end is called then. The others are
    made of, or are, the host's link `parent`. A lasting bridge stays without containers.
    """

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
    kind: LinkKind = LinkKind.VETH
    parent: str = ""
    mode: str = ""
    up: bool = True
    host_name: str = ""
    lasting: bool = False
    forwards: tuple[ForwardPlan, ...] = ()

    @property
    def mac_bytes(self) -> bytes:
        """Its hardware address, empty where the kernel chooses one."""
        return bytes.fromhex(self.mac.replace(":", ""))

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> LinkPlan:
        """What packing made of one, after JSON."""
        fields["routes"] = tuple(RoutePlan(**route) for route in fields["routes"])
        fields["forwards"] = tuple(ForwardPlan(**each) for each in fields.get("forwards", ()))
        fields["kind"] = LinkKind(fields.get("kind", LinkKind.VETH))
        for name in ("gateway_addresses", "addresses"):
            fields[name] = tuple(fields[name])
        return cls(**fields)
