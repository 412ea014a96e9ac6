"""What a definition means, free of XML: the frozen form that the engine runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

HOST_ROOT_PRIVATE = ("root", "home", "tmp", "run", "var/tmp", "dev", "proc", "sys")
"""Paths below `/` that a container sharing the host's root gets empty and of its own."""


class FilesystemKind(StrEnum):
    """How the source of a mount is to be understood."""

    MOUNT = "mount"
    TEMPLATE = "template"
    BLOCK = "block"
    FILE = "file"
    RAM = "ram"
    BIND = "bind"


class InterfaceKind(StrEnum):
    """What the outer end of an interface is connected to."""

    NAT = "nat"
    BRIDGE = "bridge"
    MACVLAN = "macvlan"
    PHYSICAL = "physical"
    ETHERNET = "ethernet"
    NETWORK = "network"
    HOST = "host"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the document; line and column start at 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Filesystem:
    """One mount, in document order; target is absolute and normalised."""

    kind: FilesystemKind
    source: str
    target: str
    readonly: bool = False
    size_kib: int | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A route inside the container; `to` is a network in prefix notation."""

    to: str
    via: str
    metric: int | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; addresses are `192.168.1.110/24`."""

    kind: InterfaceKind = InterfaceKind.NAT
    source: str | None = None
    mac: str | None = None
    name: str | None = None
    addresses: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    gateway: str | None = None
    gateway6: str | None = None
    up: bool = True
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Cpu:
    """Processor limits; shares are cgroup v1 units, 2..262144, 1024 is one default share."""

    shares: int | None = None
    quota_us: int | None = None
    period_us: int | None = None
    cpuset: str | None = None
    mems: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory limits in KiB."""

    max_kib: int | None = None
    soft_kib: int | None = None
    swap_kib: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container as the engine runs it; uuid is 32 lower-case hex digits or not given."""

    name: str
    uuid: str | None = None
    title: str | None = None
    description: str | None = None
    hostname: str | None = None
    filesystems: tuple[Filesystem, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    nameservers: tuple[str, ...] = ()
    program: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    directory: str | None = None
    user: str | None = None
    group: str | None = None
    cpu: Cpu = field(default_factory=Cpu)
    memory: Memory = field(default_factory=Memory)
    consoles: int = 1

    @property
    def root(self) -> Filesystem | None:
        """The mount on `/`, or None where the host's root is shared."""
        return next((fs for fs in self.filesystems if fs.target == "/"), None)

    @property
    def shares_host_root(self) -> bool:
        """Whether the container sees the host's own files, read-only."""
        return self.root is None

    @property
    def effective_hostname(self) -> str:
        """The name inside: the network's hostname, otherwise the container's name."""
        return self.hostname or self.name
