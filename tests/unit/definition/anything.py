"""Specifications that say something in every field, as all dialects together can."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    IdMap,
    IdRange,
    Interface,
    InterfaceKind,
    IoDevice,
    Memory,
    Opaque,
    PortForward,
    Rlimit,
    Route,
    SharedNamespace,
)

_WORDS = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)
_LINES = st.text("abc <&>'\"#=äü.", min_size=1, max_size=20).map(str.strip).filter(bool)
_PATHS = st.lists(
    st.text("abz09._-", min_size=1, max_size=6).filter(lambda part: part.strip(".")),
    min_size=1,
    max_size=3,
).map(lambda parts: "/" + "/".join(parts))
_ACTIONS = st.none() | st.sampled_from(["destroy", "restart", "preserve"])
_CPUSETS = st.none() | st.sampled_from(["0", "0-3", "1,3"])
_KEPT = (
    Opaque("domain/clock", "<clock offset='utc'/>"),
    Opaque("domain/devices/hostdev", "<hostdev mode='capabilities' type='misc'/>"),
    Opaque("lxc.hook.start", "lxc.hook.start = /bin/true"),
    Opaque("DISK_QUOTA", 'DISK_QUOTA="no"'),
)


@st.composite
def _filesystem(draw: st.DrawFn, target: str) -> Filesystem:
    kind = draw(st.sampled_from(FilesystemKind))
    size = draw(st.none() | st.integers(1024, 2**30))
    if kind is FilesystemKind.RAM:
        return Filesystem(kind, "", target, draw(st.booleans()), size or 65536)
    source = draw(_WORDS if kind is FilesystemKind.TEMPLATE else _PATHS)
    soft = draw(st.none() | st.integers(1, size)) if size else None
    return Filesystem(kind, source, target, draw(st.booleans()), size, soft)


@st.composite
def _filesystems(draw: st.DrawFn) -> tuple[Filesystem, ...]:
    """In an order in which none hides another."""
    targets = sorted(draw(st.sets(_PATHS | st.just("/"), max_size=4)))
    return tuple(draw(_filesystem(target)) for target in targets)


_SOURCES = {
    InterfaceKind.BRIDGE: "br0",
    InterfaceKind.MACVLAN: "eth7",
    InterfaceKind.PHYSICAL: "eth8",
    InterfaceKind.NETWORK: "default",
}
_ROUTES = (Route("10.77.0.0/16", "10.0.0.9"), Route("10.78.0.0/16", "10.0.0.9", 5))


_FORWARDS = (PortForward("tcp", 8080, 8080, 80), PortForward("udp", 53, 59, 5353, "127.0.0.1"))


@st.composite
def _interface(draw: st.DrawFn, number: int) -> Interface:
    kind = draw(st.sampled_from([*_SOURCES, InterfaceKind.NAT, InterfaceKind.ETHERNET]))
    some = [f"10.{number}.0.5/24", f"10.{number}.1.9/32", f"fd00:{number + 1}::5/64"]
    addresses = tuple(draw(st.lists(st.sampled_from(some), unique=True)))
    near = number == 0 and some[0] in addresses
    near6 = number == 0 and some[2] in addresses
    return Interface(
        kind,
        _SOURCES.get(kind),
        draw(st.sampled_from([None, f"52:54:00:00:00:0{number}"])),
        draw(st.sampled_from([None, f"lan{number}"])),
        addresses,
        draw(st.sampled_from([(), _ROUTES[:1], _ROUTES])) if near else (),
        draw(st.sampled_from([None, "10.0.0.1"])) if near else None,
        draw(st.sampled_from([None, "fd00:1::1"])) if near6 else None,
        draw(st.booleans()),
        draw(st.sampled_from([None, f"vh{number}"])),
        draw(st.sampled_from([None, "bridge"])) if kind is InterfaceKind.MACVLAN else None,
        draw(st.sampled_from([(), _FORWARDS[:1], _FORWARDS]))
        if kind is InterfaceKind.NETWORK
        else (),
    )


@st.composite
def _interfaces(draw: st.DrawFn) -> tuple[Interface, ...]:
    return tuple(draw(_interface(number)) for number in range(draw(st.integers(0, 3))))


@st.composite
def _cpus(draw: st.DrawFn) -> Cpu:
    return Cpu(
        draw(st.none() | st.integers(2, 262144)),
        draw(st.none() | st.integers(1000, 10**9)),
        draw(st.none() | st.integers(1000, 10**6)),
        draw(_CPUSETS),
        draw(_CPUSETS),
        draw(st.none() | st.integers(1, 64)),
    )


@st.composite
def _memories(draw: st.DrawFn) -> Memory:
    most = draw(st.none() | st.integers(4096, 2**32))
    below = st.none() | st.integers(1024, most or 2**32)
    swap = draw(st.none() | st.integers(most, 2**33)) if most else None
    return Memory(most, draw(below), swap, draw(below))


_IDMAPS = st.sampled_from(
    [
        IdMap((IdRange(0, 100000, 65536),), (IdRange(0, 200000, 65536),)),
        IdMap((IdRange(0, 100000, 1000), IdRange(1000, 1000, 1)), (IdRange(0, 100000, 65536),)),
    ]
)
_CAPABILITIES = st.builds(
    Capabilities,
    st.sampled_from(CapabilityPolicy),
    st.sampled_from([(), ("sys_time",), ("sys_time", "mknod")]),
    st.sampled_from([(), ("chown",), ("net_raw", "setpcap")]),
)
DISKS = (IoDevice("/dev/sda", 500, 1048576, 2097152, 30, 40), IoDevice("/dev/sdb", 100))
RLIMITS = (Rlimit("nofile", 1024, 4096), Rlimit("core", 0, None), Rlimit("nproc", None, None))
_NAMESPACES = st.sampled_from([(), (SharedNamespace("net", "name", "other"),)])

_silent: st.SearchStrategy[ContainerSpec] = st.builds(
    ContainerSpec,
    name=_WORDS | st.integers(101, 2**31 - 1).map(str),
    uuid=st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    title=st.none() | _LINES,
    description=st.none() | _LINES,
    hostname=st.none() | _WORDS,
    filesystems=_filesystems(),
    interfaces=_interfaces(),
    nameservers=st.lists(st.sampled_from(["1.1.1.1", "fd00::53"]), unique=True).map(tuple),
    program=st.tuples(_PATHS) | st.tuples(_PATHS, _LINES, _LINES),
    environment=st.dictionaries(_WORDS.map(str.upper), _LINES, max_size=2).map(
        lambda found: tuple(found.items())
    ),
    directory=st.none() | _PATHS,
    user=st.none() | st.sampled_from(["0", "1000", "www-data"]),
    cpu=_cpus(),
    memory=_memories(),
    consoles=st.none() | st.integers(1, 4),
    io_weight=st.none() | st.integers(10, 1000),
    idmap=st.none() | _IDMAPS,
    capabilities=st.none() | _CAPABILITIES,
    network_isolated=st.none() | st.booleans(),
    namespaces=_NAMESPACES,
    on_poweroff=_ACTIONS,
    on_reboot=_ACTIONS,
    on_crash=_ACTIONS,
    autostart=st.none() | st.booleans(),
    arch=st.sampled_from([None, "x86_64", "i686"]),
    machine=st.sampled_from([None, "i586"]),
    profile=st.sampled_from([None, "vps.basic"]),
    stop_signal=st.sampled_from([None, "SIGINT", "SIGRTMIN+3"]),
    stop_grace=st.none() | st.integers(0, 86_400),
    system=st.none() | st.booleans(),
    privileged=st.none() | st.booleans(),
    processes=st.none() | st.integers(1, 4194304),
    console_kib=st.none() | st.integers(4, 16384),
    io_devices=st.sampled_from([(), DISKS[:1], DISKS]),
    rlimits=st.sampled_from([(), RLIMITS[:1], RLIMITS]),
    opaque=st.lists(st.sampled_from(_KEPT), unique=True).map(tuple),
)


def _named(spec: ContainerSpec, number: int) -> ContainerSpec:
    """Its console of that number, from 1, was a terminal of the host."""
    if not number or number > (spec.consoles or 0):
        return spec
    return replace(spec, console_ttys=(*(None,) * (number - 1), "/dev/pts/4"))


anything: st.SearchStrategy[ContainerSpec] = st.builds(_named, _silent, st.integers(0, 2))
"""Specifications that `linuxcontainer`, which has a place for everything, holds whole."""
