"""Specifications that libvirt's form holds whole."""

from __future__ import annotations

from hypothesis import strategies as st

from cloche_engine.definition.schema.domain import LIBVIRT_CAPABILITIES
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
    Memory,
    Opaque,
    Route,
    SharedNamespace,
)

_WORD = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)
_WORDS = st.text("abc <&>'\"äöü.]", min_size=1, max_size=20).map(str.strip).filter(bool)
_PATHS = st.lists(_WORD | st.just("ä &'\""), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)
_SIZES = st.none() | st.integers(1, 2**40)
_ENDINGS = st.none() | st.sampled_from(["destroy", "restart", "preserve", "rename-restart"])
_MODES = st.sampled_from([None, "vepa", "bridge", "private", "passthru"])
_KEPT = (
    Opaque("domain/clock", "<clock offset='utc'>\n  <timer name='rtc'/>\n</clock>"),
    Opaque("domain/metadata", "<metadata><a:b xmlns:a='urn:a'>  ä </a:b></metadata>"),
    Opaque("domain/seclabel", "<seclabel type='none'/>"),
    Opaque("domain/resource", "<resource><partition>/machine/x</partition></resource>"),
    Opaque("domain/features/acpi", "<acpi/>"),
    Opaque("domain/devices/emulator", "<emulator>/usr/libexec/libvirt_lxc</emulator>"),
    Opaque("domain/container/distribution", "<distribution method='debootstrap'/>"),
    Opaque("lxc.hook.start", "lxc.hook.start = /bin/true <&>"),
    Opaque(
        "domain/devices/hostdev",
        "<hostdev mode='capabilities' type='misc'><source><char>/dev/x</char></source></hostdev>",
    ),
)


@st.composite
def _filesystems(draw: st.DrawFn) -> tuple[Filesystem, ...]:
    """In an order in which none hides another."""
    found = []
    for target in sorted(draw(st.sets(_PATHS | st.just("/"), max_size=4))):
        kind = draw(st.sampled_from(list(FilesystemKind)))
        is_ram = kind is FilesystemKind.RAM
        sources = {FilesystemKind.TEMPLATE: _WORD, FilesystemKind.RAM: st.just("")}
        hard = draw(st.integers(1, 2**40) if is_ram else _SIZES)
        soft = draw(st.none() | st.integers(1, hard or 2**40))
        readonly, source = draw(st.booleans()), draw(sources.get(kind, _PATHS))
        found.append(Filesystem(kind, source, target, readonly, hard, soft))
    return tuple(found)


@st.composite
def _interface(draw: st.DrawFn, number: int) -> Interface:
    kind = draw(
        st.sampled_from(
            [
                InterfaceKind.NETWORK,
                InterfaceKind.BRIDGE,
                InterfaceKind.MACVLAN,
                InterfaceKind.ETHERNET,
                InterfaceKind.PHYSICAL,
            ]
        )
    )
    is_device = kind is InterfaceKind.PHYSICAL
    addresses = tuple(
        draw(st.sets(st.sampled_from([f"10.{number}.0.5/24", f"fd00:{number + 1}::5/64"])))
    )
    is_first = number == 0
    is_v4 = f"10.{number}.0.5/24" in addresses
    routes = [Route("192.168.0.0/16", f"10.{number}.0.9", metric) for metric in (None, 5)]
    return Interface(
        kind,
        source=None if kind is InterfaceKind.ETHERNET else draw(_WORD),
        mac=None if is_device else draw(st.sampled_from([None, f"52:54:00:00:00:0{number}"])),
        name=None if is_device else draw(st.sampled_from([None, f"eth{number}"])),
        addresses=addresses,
        routes=tuple(draw(st.lists(st.sampled_from(routes), max_size=2))) if is_v4 else (),
        gateway=draw(st.sampled_from([None, "10.0.0.1"])) if is_first and is_v4 else None,
        gateway6=draw(st.sampled_from([None, "fe80::1"])) if is_first and addresses else None,
        up=is_device or draw(st.booleans()),
        host_name=None if is_device else draw(st.sampled_from([None, f"veth{number}"])),
        mode=draw(_MODES) if kind is InterfaceKind.MACVLAN else None,
    )


@st.composite
def _limits(draw: st.DrawFn) -> tuple[Cpu, Memory]:
    most = draw(st.none() | st.integers(512, 2**40))
    cpuset = draw(st.sampled_from([None, "0", "1-3", "0-2,5,7-8"]))
    count = draw(st.integers(1, 64)) if cpuset else draw(st.none() | st.integers(1, 64))
    cpu = Cpu(
        draw(st.none() | st.integers(2, 262144)),
        draw(st.none() | st.integers(1000, 17592186044415)),
        draw(st.none() | st.integers(1000, 10**6)),
        cpuset,
        draw(st.sampled_from([None, "0", "0-1"])),
        count,
    )
    soft = draw(st.none() | st.integers(1, most or 2**40))
    swap = draw(st.none() | st.integers(most or 512, 2**41))
    return cpu, Memory(most, soft, swap, draw(_SIZES))


@st.composite
def _idmaps(draw: st.DrawFn) -> IdMap:
    def ranges() -> tuple[IdRange, ...]:
        sizes = draw(st.lists(st.integers(1, 65536), min_size=1, max_size=3))
        starts = [sum(sizes[:at]) for at in range(len(sizes))]
        pairs = zip(starts, sizes, strict=True)
        return tuple(IdRange(start, 100000 + start, size) for start, size in pairs)

    return IdMap(ranges(), ranges())


@st.composite
def _capabilities(draw: st.DrawFn) -> Capabilities:
    names = draw(st.lists(st.sampled_from(LIBVIRT_CAPABILITIES), unique=True, max_size=5))
    cut = draw(st.integers(0, len(names)))
    policy = draw(st.sampled_from(list(CapabilityPolicy)))
    return Capabilities(policy, tuple(names[:cut]), tuple(names[cut:]))


_SHARED = (
    SharedNamespace("net", "netns", "red"),
    SharedNamespace("ipc", "name", "db"),
    SharedNamespace("uts", "pid", "12"),
)


@st.composite
def _specs(draw: st.DrawFn) -> ContainerSpec:
    cpu, memory = draw(_limits())
    user = draw(st.booleans())
    return ContainerSpec(
        name=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True)),
        uuid=draw(st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True)),
        title=draw(st.none() | _WORDS),
        description=draw(st.none() | _WORDS.map(lambda text: f"{text}\n{text}")),
        filesystems=draw(_filesystems()),
        interfaces=tuple(draw(_interface(n)) for n in range(draw(st.integers(0, 3)))),
        program=draw(st.just(()) | st.lists(_WORDS, max_size=3).map(lambda a: ("/bin/x y", *a))),
        environment=tuple(draw(st.dictionaries(_WORD.map(str.upper), _WORDS, max_size=3)).items()),
        directory=draw(st.sampled_from([None, "/", "/srv"])),
        user=draw(_WORD) if user else None,
        group=draw(_WORD) if user else None,
        cpu=cpu,
        memory=memory,
        consoles=draw(st.none() | st.integers(1, 4)),
        io_weight=draw(st.none() | st.integers(100, 1000)),
        idmap=draw(st.none() | _idmaps()),
        capabilities=draw(st.none() | _capabilities()),
        network_isolated=draw(st.sampled_from([None, True])),
        namespaces=tuple(draw(st.lists(st.sampled_from(_SHARED), unique=True))),
        on_poweroff=draw(_ENDINGS),
        on_reboot=draw(_ENDINGS),
        on_crash=draw(_ENDINGS | st.just("coredump-restart")),
        arch=draw(st.sampled_from([None, "x86_64", "i686"])),
        opaque=tuple(draw(st.lists(st.sampled_from(_KEPT), unique=True))),
    )


libvirt_specs = _specs()
