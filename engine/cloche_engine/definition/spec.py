"""What a definition means, free of XML: the frozen form that the engine runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
"""Where a default route of each IP version leads."""


class FilesystemKind(StrEnum):
    """How the source of a mount is to be understood."""

    MOUNT = "mount"
    TEMPLATE = "template"
    BLOCK = "block"
    FILE = "file"
    RAM = "ram"
    BIND = "bind"


class Access(StrEnum):
    """Whose the files of a mount are: mapped, the container's own host ids; passthrough, as there.

    Where a document is silent it is passthrough, as in libvirt: the same numbers on both sides.
    """

    MAPPED = "mapped"
    PASSTHROUGH = "passthrough"


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
class Owner:
    """A user and group of the host whose files of a mount belong to others inside."""

    uid: int
    gid: int
    inside_uid: int
    inside_gid: int


@dataclass(frozen=True, slots=True)
class Filesystem:
    """One mount, in document order; target is absolute and normalised.

    size_kib is the size of one in memory and the most space of others, soft_kib where that warns.
    With an owner only what that one has belongs to somebody inside; the rest shows as nobody's.
    """

    kind: FilesystemKind
    source: str
    target: str
    readonly: bool = False
    size_kib: int | None = None
    soft_kib: int | None = None
    options: tuple[str, ...] = ()
    access: Access | None = None
    owner: Owner | None = None
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Route:
    """A route inside the container; `to` is a network in prefix notation."""

    to: str
    via: str
    metric: int | None = None


@dataclass(frozen=True, slots=True)
class PortForward:
    """Ports start to end of the host that lead to those of the container from `to` on.

    proto is tcp or udp; without an address those of all addresses of the host do.
    """

    proto: str
    start: int
    end: int
    to: int
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; addresses are `192.168.1.110/24`, name is inside, host_name outside.

    mode is macvlan's: private, vepa, bridge, passthru.
    """

    kind: InterfaceKind = InterfaceKind.NAT
    source: str | None = None
    mac: str | None = None
    name: str | None = None
    addresses: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    gateway: str | None = None
    gateway6: str | None = None
    up: bool = True
    host_name: str | None = None
    mode: str | None = None
    forwards: tuple[PortForward, ...] = ()
    location: Location | None = field(default=None, compare=False)

    @property
    def is_managed(self) -> bool:
        """Whether it is in the network that the engine manages itself."""
        is_bare = self.kind is InterfaceKind.NAT and not self.addresses
        return is_bare or self.kind is InterfaceKind.NETWORK

    @property
    def default_routes(self) -> tuple[Route, ...]:
        """Its gateways as routes."""
        hops = {4: self.gateway, 6: self.gateway6}
        return tuple(Route(EVERYWHERE[version], via) for version, via in hops.items() if via)


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
    """Memory limits in KiB; swap_kib is memory and swap together."""

    max_kib: int | None = None
    soft_kib: int | None = None
    swap_kib: int | None = None
    guarantee_kib: int | None = None


@dataclass(frozen=True, slots=True)
class IoDevice:
    """What a disk of the host gives: a weight of 10..1000, bytes and operations a second."""

    path: str
    weight: int | None = None
    read_bytes_sec: int | None = None
    write_bytes_sec: int | None = None
    read_iops_sec: int | None = None
    write_iops_sec: int | None = None


@dataclass(frozen=True, slots=True)
class Rlimit:
    """A limit of each process, as nofile in setrlimit(2); None is no limit."""

    name: str
    soft: int | None
    hard: int | None


@dataclass(frozen=True, slots=True)
class IdRange:
    """count ids: inside, inside + 1, ... in the container are host, host + 1, ... outside."""

    inside: int
    host: int
    count: int


@dataclass(frozen=True, slots=True)
class IdMap:
    """The user namespace's maps, sorted by `inside`."""

    uid: tuple[IdRange, ...]
    gid: tuple[IdRange, ...]


class CapabilityPolicy(StrEnum):
    """What a container may do that the document names no capability for."""

    DEFAULT = "default"
    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Capabilities as the document writes them: lower case, without `cap_`, in its order."""

    policy: CapabilityPolicy = CapabilityPolicy.DEFAULT
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedNamespace:
    """A namespace taken from elsewhere: kind net, ipc or uts; how netns, name or pid."""

    kind: str
    how: str
    value: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """What a document holds that is kept but not understood.

    path is that of its parent and itself, `domain/devices/hostdev`, or a key of a text format; text
    is the element as written, every namespace that it uses declared on it, or the whole line.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container as documents of every dialect mean it; None where a document is silent.

    uuid is 32 lower-case hex digits. io_weight is 10..1000 as in libvirt and blkio.weight. system
    is a whole one with an init, not an application; privileged gives its root the host's own ids.
    stop_signal is a name as SIGTERM or SIGRTMIN+3, stop_grace the seconds until the kill.
    console_ttys are the host's terminals that consoles name, in their order: kept, never opened.
    console_kib is how much of the console's output is kept for those who come later.
    """

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
    consoles: int | None = None
    io_weight: int | None = None
    idmap: IdMap | None = None
    capabilities: Capabilities | None = None
    network_isolated: bool | None = None
    namespaces: tuple[SharedNamespace, ...] = ()
    on_poweroff: str | None = None
    on_reboot: str | None = None
    on_crash: str | None = None
    stop_signal: str | None = None
    stop_grace: int | None = None
    autostart: bool | None = None
    arch: str | None = None
    machine: str | None = None
    profile: str | None = None
    system: bool | None = None
    privileged: bool | None = None
    opaque: tuple[Opaque, ...] = ()
    console_ttys: tuple[str | None, ...] = ()
    processes: int | None = None
    console_kib: int | None = None
    io_devices: tuple[IoDevice, ...] = ()
    rlimits: tuple[Rlimit, ...] = ()

    @property
    def root(self) -> Filesystem | None:
        """The mount on `/`, or None where the host's root is shared."""
        return next((fs for fs in self.filesystems if fs.target == "/"), None)

    @property
    def templates(self) -> frozenset[str]:
        """The names of the templates that it is made from."""
        found = (fs for fs in self.filesystems if fs.kind is FilesystemKind.TEMPLATE)
        return frozenset(fs.source for fs in found)

    @property
    def shares_host_root(self) -> bool:
        """Whether the container sees the host's own files, read-only."""
        return self.root is None

    @property
    def shares_host_network(self) -> bool:
        """Whether it has the host's own links and addresses, abstract sockets included."""
        if self.shared_network:
            return False
        named = any(each.kind is InterfaceKind.HOST for each in self.interfaces)
        return named or (self.network_isolated is False and not self.interfaces)

    @property
    def shared_network(self) -> SharedNamespace | None:
        """Whose network it is in, where that is neither its own nor said to be the host's."""
        return next((each for each in self.namespaces if each.kind == "net"), None)

    @property
    def network_of(self) -> str:
        """The same in words; empty where there is no such."""
        shared = self.shared_network
        kinds = {"name": "the container", "pid": "the process", "netns": "the namespace"}
        return f"{kinds[shared.how]} {shared.value}" if shared else ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those of all its interfaces."""
        return tuple(address for each in self.interfaces for address in each.addresses)

    @property
    def effective_hostname(self) -> str:
        """The name inside: the network's hostname, otherwise the container's name."""
        return self.hostname or self.name
