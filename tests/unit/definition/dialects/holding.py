"""Specifications that OpenVZ's and Linux-VServer's XML hold whole."""

from __future__ import annotations

from hypothesis import strategies as st

from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
    Opaque,
)

_NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True)
_UUIDS = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
_PARTS = st.text("abz09._-+ ä&<'\"", min_size=1, max_size=6).map(str.strip)
_PATHS = st.lists(
    _PARTS.filter(lambda part: part not in {"", ".", ".."}), min_size=1, max_size=3
).map(lambda parts: "/" + "/".join(parts))
_LIMITS = st.none() | st.integers(512, 2**40)
_CPUSETS = st.sampled_from([None, "0", "1-3", "0-2,5,7-8"])
_ACTIONS = st.none() | st.sampled_from(["destroy", "restart", "preserve"])
_WORDS = st.text("abc <&>'\"äöü.", min_size=1, max_size=20).map(str.strip).filter(bool)
_KEPT = Opaque("domain/container/distribution", "<distribution method='debootstrap'/>")
_CLOCK = Opaque("domain/clock", "<clock offset='utc'/>")


@st.composite
def _filesystems(
    draw: st.DrawFn, kinds: list[FilesystemKind], *, limits: bool
) -> tuple[Filesystem, ...]:
    """In an order in which none hides another."""
    found = []
    for target in sorted(draw(st.sets(_PATHS | st.just("/"), max_size=4))):
        kind = draw(st.sampled_from(kinds))
        name = st.from_regex(r"[a-z0-9][a-z0-9_.+-]{0,30}", fullmatch=True)
        hard = draw(_LIMITS) if limits else None
        found.append(
            Filesystem(
                kind,
                draw(name if kind is FilesystemKind.TEMPLATE else _PATHS),
                target,
                readonly=limits and draw(st.booleans()),
                size_kib=hard,
                soft_kib=draw(st.none() | st.integers(1, hard)) if hard else None,
            )
        )
    return tuple(found)


def _addresses(number: int) -> st.SearchStrategy[tuple[str, ...]]:
    some = [f"10.{number}.0.5/24", f"10.{number}.1.9/32", f"fd00:{number + 1}::5/64"]
    return st.lists(st.sampled_from(some), min_size=1, unique=True).map(tuple)


@st.composite
def _vserver(draw: st.DrawFn) -> ContainerSpec:
    rate = draw(st.none() | st.tuples(st.integers(1, 5000), st.integers(1, 1000)))
    links = range(draw(st.integers(0, 2)))
    disks = _filesystems([FilesystemKind.MOUNT, FilesystemKind.BLOCK], limits=False)
    return ContainerSpec(
        draw(_NAMES),
        hostname=draw(st.none() | st.just("www.example.org")),
        machine=draw(st.none() | st.sampled_from(["i586", "x86_64"])),
        filesystems=draw(disks),
        interfaces=tuple(
            Interface(InterfaceKind.ETHERNET, addresses=draw(_addresses(n))) for n in links
        ),
        cpu=Cpu(
            quota_us=rate[0] * 1000 if rate else None,
            period_us=rate[1] * 1000 if rate else None,
            cpuset=draw(_CPUSETS),
        ),
        memory=Memory(draw(_LIMITS)),
        opaque=draw(st.sampled_from([(), (_KEPT,)])),
    )


@st.composite
def _openvz_link(draw: st.DrawFn, number: int) -> Interface:
    bridged = draw(st.booleans())
    addresses = draw(_addresses(number))
    gateway = f"10.{number}.0.1" if addresses[0].startswith(f"10.{number}.0.") else None
    return Interface(
        InterfaceKind.BRIDGE if bridged else InterfaceKind.ETHERNET,
        source=f"br{number}" if bridged else None,
        mac=draw(st.sampled_from([None, f"52:54:00:00:00:0{number}"])),
        addresses=addresses,
        gateway=draw(st.sampled_from([None, gateway])) if number == 0 else None,
        host_name=draw(st.sampled_from([None, f"veth105.{number}"])),
    )


@st.composite
def _openvz(draw: st.DrawFn) -> ContainerSpec:
    kinds = [FilesystemKind.TEMPLATE, FilesystemKind.MOUNT, FilesystemKind.FILE]
    most = draw(_LIMITS)
    cpuset = draw(_CPUSETS)
    least = st.none() | st.integers(1, most or 512)
    return ContainerSpec(
        str(draw(st.integers(101, 2**31 - 1))),
        draw(st.none() | _UUIDS),
        description=draw(st.none() | _WORDS),
        filesystems=draw(_filesystems(kinds, limits=True)),
        interfaces=tuple(draw(_openvz_link(n)) for n in range(draw(st.integers(0, 2)))),
        program=draw(st.sampled_from([(), ("/sbin/init",)])),
        cpu=Cpu(
            draw(st.none() | st.integers(2, 262144)),
            draw(st.none() | st.integers(1000, 10**9)),
            draw(st.none() | st.integers(1000, 10**6)),
            cpuset,
            count=draw((st.nothing() if cpuset else st.none()) | st.integers(1, 64)),
        ),
        memory=Memory(most, draw(least), guarantee_kib=draw(least)),
        on_poweroff=draw(_ACTIONS),
        on_reboot=draw(_ACTIONS),
        on_crash=draw(_ACTIONS),
        arch=draw(st.none() | st.sampled_from(["i686", "x86_64"])),
        opaque=draw(st.sampled_from([(), (_CLOCK,)])),
    )


vserver_specs = _vserver()
openvz_specs = _openvz()
