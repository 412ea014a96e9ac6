"""What a plan says of rights: what kind of container it is, and what its root may do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.capabilities import mask
from cloche_engine.sandbox.plan.packing import packed

APPLICATION_CAPABILITIES = (
    "chown", "dac_override", "fowner", "fsetid", "kill", "net_bind_service", "setfcap", "setgid",
    "setpcap", "setuid", "sys_chroot",
)  # fmt: skip
"""Podman's eleven (containers.conf(5)): no mknod, no raw sockets, no audit."""

SYSTEM_CAPABILITIES = (
    "audit_control", "audit_write", "chown", "dac_override", "dac_read_search", "fowner", "fsetid",
    "ipc_owner", "kill", "lease", "linux_immutable", "mknod", "net_admin", "net_bind_service",
    "net_broadcast", "net_raw", "setfcap", "setgid", "setpcap", "setuid", "sys_admin", "sys_boot",
    "sys_chroot", "sys_nice", "sys_ptrace", "sys_resource", "sys_tty_config",
)  # fmt: skip
"""systemd-nspawn(1)'s, with a network of its own; they count in the container's namespaces."""

_NAMESPACES = k.CLONE_NEWNS | k.CLONE_NEWPID | k.CLONE_NEWUTS | k.CLONE_NEWIPC | k.CLONE_NEWNET


class Network(IntEnum):
    """Whose network namespace it is in."""

    OWN = 0
    HOST = 1
    ANOTHERS = 2


JOINED = {"net": k.CLONE_NEWNET, "ipc": k.CLONE_NEWIPC, "uts": k.CLONE_NEWUTS}
"""The namespaces that can be another's, by the words of a definition."""

IdLine = tuple[int, int, int]
"""The first id inside, the first on the host, and how many."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What its root may do; the maps are empty for the container's own block of ids.

    joined are the kinds of the namespaces that are another's: net, ipc, uts.
    """

    system: bool = False
    privileged: bool = False
    capabilities: tuple[str, ...] = APPLICATION_CAPABILITIES
    uid_map: tuple[IdLine, ...] = ()
    gid_map: tuple[IdLine, ...] = ()
    shares_network: bool = False
    joined: tuple[str, ...] = ()

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Rights:
        """What packing made of one, after JSON; of nothing, those of an application."""
        lists = ((name, value) for name, value in fields.items() if isinstance(value, list))
        tuples = {name: tuple(map(_frozen, values)) for name, values in lists}
        return cls(**{**fields, **tuples})

    def to_json(self) -> str:
        """One line that from_json reads back."""
        return packed(self)

    @classmethod
    def from_json(cls, text: str) -> Rights:
        """What to_json wrote."""
        return cls.from_fields(json.loads(text))

    @property
    def namespaces(self) -> int:
        """Those that it is cloned into."""
        shared = k.CLONE_NEWNET if self.shares_network else 0
        own = _NAMESPACES & ~shared & ~self._joined
        return own | (0 if self.privileged else k.CLONE_NEWUSER)

    @property
    def entered(self) -> int:
        """Those that a further program has to enter."""
        return self.namespaces | self._joined

    @property
    def _joined(self) -> int:
        return sum(JOINED[kind] for kind in self.joined)

    @property
    def network(self) -> Network:
        """Whose network namespace it is in."""
        if "net" in self.joined:
            return Network.ANOTHERS
        return Network.HOST if self.shares_network else Network.OWN

    @property
    def owns_network(self) -> bool:
        """Whether its network namespace was made for it."""
        return self.network is Network.OWN

    @property
    def kept(self) -> int:
        """The capabilities as a mask."""
        return mask(self.capabilities)

    @property
    def sets_network(self) -> bool:
        """Whether the settings of its network are its own to write."""
        return self.system and self.owns_network

    @property
    def administers(self) -> bool:
        """Whether it may mount and make namespaces, inside of its own."""
        return self.system or "sys_admin" in self.capabilities

    @property
    def is_ordinary(self) -> bool:
        """Whether a child that was cloned ahead, for whatever container, can have them."""
        is_apart = not (self.privileged or self.shares_network or self.joined)
        return is_apart and not self.kept & ~mask(SYSTEM_CAPABILITIES)

    @property
    def kept_ahead(self) -> int:
        """What may be left of the capabilities before the plan is known."""
        return mask(SYSTEM_CAPABILITIES) if self.is_ordinary else self.kept


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


ORDINARY = Rights()
