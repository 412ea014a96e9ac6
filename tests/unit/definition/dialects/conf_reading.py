"""Reads texts of the two text dialects, and makes specifications that each holds whole."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from cloche_engine.definition.dialects.dialect import Reading
from cloche_engine.definition.dialects.lxc_conf import read as lxc_read
from cloche_engine.definition.dialects.openvz_conf import read as vz_read
from cloche_engine.definition.problem import Problem
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
    SharedNamespace,
)
from cloche_engine.definition.text.source import read_source

_Text = str | bytes


def _bytes(text: _Text) -> bytes:
    return text.encode() if isinstance(text, str) else text


def lxc(text: _Text) -> Reading:
    """A configuration of LXC as it stands."""
    return lxc_read.read(read_source(_bytes(text)))


def native(*lines: str) -> Reading:
    """A configuration of LXC that has a name and a root, and these lines besides."""
    return lxc("\n".join(("lxc.uts.name = one", "lxc.rootfs.path = /srv/one", *lines, "")))


def vz(text: _Text, number: str | None = None) -> Reading:
    """A CTID.conf as it stands."""
    return vz_read.read(read_source(_bytes(text)), number)


def conf(*lines: str) -> Reading:
    """A CTID.conf that has a name, and these lines besides."""
    return vz("\n".join(('NAME="one"', *lines, "")))


def meant(reading: Reading) -> ContainerSpec:
    """Its specification, which is there."""
    assert reading.spec is not None
    return reading.spec


def codes(reading: Reading) -> list[str]:
    """The codes of its errors."""
    return [problem.code for problem in reading.errors]


def warnings(reading: Reading) -> list[str]:
    """The codes of what is no error."""
    return [problem.code for problem in reading.problems if not problem.is_error]


def the_error(reading: Reading) -> Problem:
    """The only error."""
    (problem,) = reading.errors
    return problem


def mended(text: str, problem: Problem, name: str) -> str:
    """The text after a fix of that name."""
    (fix,) = [fix for fix in problem.fixes if fix.name == name]
    body = text.encode()
    for edit in sorted(fix.edits, key=lambda edit: edit.start, reverse=True):
        body = body[: edit.start] + edit.text.encode() + body[edit.end :]
    return body.decode()


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True)
_DEVICES = st.from_regex(r"[a-z][a-z0-9.-]{0,12}[a-z0-9]", fullmatch=True)
_PARTS = st.text("abz09._-+ ä\\'", min_size=1, max_size=6).filter(
    lambda part: part not in {".", ".."} and part == part.strip()
)
PATHS = st.lists(_PARTS, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
_WORDS = st.text("abc '=#$\\ä0", max_size=8) | st.text('abc "=#$\\ä0', max_size=8)
_KIB = st.none() | st.integers(512, 2**40)
_CPUS = st.none() | st.sampled_from(["0", "0-3", "1,3,5-7"])
_DROPS = st.lists(st.sampled_from(["mknod", "sys_time", "net_raw"]), unique=True).map(tuple)
_KEPT_BY_LXC = st.lists(
    st.sampled_from(
        [
            Opaque("lxc.pty.max", "lxc.pty.max = 256"),
            Opaque("lxc.hook.start", "lxc.hook.start = /bin/true"),
            Opaque("lxc.include", "lxc.include=/usr/share/lxc/config/common.conf"),
            Opaque("lxc.cgroup2.rdma.max", "lxc.cgroup2.rdma.max = mlx4_0 hca_handle=2"),
            Opaque("lxc.mount.entry", "lxc.mount.entry = proc proc proc defaults 0 0"),
        ]
    ),
    max_size=3,
).map(tuple)


@st.composite
def _mounts(draw: st.DrawFn) -> tuple[Filesystem, ...]:
    """A root and mounts in an order in which none hides another."""
    roots = [FilesystemKind.MOUNT, FilesystemKind.FILE]
    found = [Filesystem(draw(st.sampled_from(roots)), draw(PATHS), "/", draw(st.booleans()))]
    for target in sorted(draw(st.sets(PATHS, max_size=3))):
        kind = draw(
            st.sampled_from([FilesystemKind.MOUNT, FilesystemKind.RAM, FilesystemKind.BIND])
        )
        ram = kind is FilesystemKind.RAM
        found.append(
            Filesystem(
                kind,
                "" if ram else draw(PATHS),
                target,
                draw(st.booleans()),
                draw(st.integers(1, 2**40)) if ram else None,
                options=draw(st.sampled_from([(), ("noexec",), ("nodev", "create=file")])),
            )
        )
    return tuple(found)


@st.composite
def _limited(draw: st.DrawFn) -> tuple[Cpu, Memory]:
    most, soft, swap = draw(_KIB), draw(_KIB), draw(_KIB)
    if most is not None and soft is not None:
        most, soft = max(most, soft), min(most, soft)
    if most is not None and swap is not None:
        swap += most
    quota = draw(st.none() | st.integers(1000, 17592186044415))
    cpu = Cpu(
        draw(st.none() | st.integers(2, 262144)),
        quota,
        draw(st.none() | st.integers(1000, 1000000)),
        draw(_CPUS),
        draw(_CPUS),
    )
    return cpu, Memory(most, soft, swap, draw(_KIB))


@st.composite
def _lxc_interfaces(draw: st.DrawFn) -> tuple[Interface, ...]:
    kinds = [
        InterfaceKind.BRIDGE,
        InterfaceKind.ETHERNET,
        InterfaceKind.MACVLAN,
        InterfaceKind.PHYSICAL,
        InterfaceKind.HOST,
    ]
    found = []
    for number, kind in enumerate(draw(st.lists(st.sampled_from(kinds), max_size=3))):
        if kind is InterfaceKind.HOST:
            found.append(Interface(kind))
            continue
        some = [f"10.0.{number}.2/24", f"192.168.{number}.2/32"]
        addresses = draw(st.lists(st.sampled_from(some), unique=True).map(tuple))
        found.append(
            Interface(
                kind,
                None if kind is InterfaceKind.ETHERNET else draw(_DEVICES),
                draw(st.sampled_from([None, f"52:54:00:AB:cd:0{number}"])),
                draw(st.sampled_from([None, f"eth{number}", f"lan-{number}.5"])),
                (*addresses, f"fd00:{number + 1}::2/64"),
                gateway="10.0.0.1" if number == 0 and some[0] in addresses else None,
                gateway6=draw(st.sampled_from([None, "fd00:1::1"])) if number == 0 else None,
                up=draw(st.booleans()),
                mode=draw(st.sampled_from([None, "vepa"]))
                if kind is InterfaceKind.MACVLAN
                else None,
            )
        )
    return tuple(found)


_MAPS = st.builds(
    lambda host, count: IdMap((IdRange(0, host, count),), (IdRange(0, host + 7, count),)),
    st.integers(1, 2**31),
    st.integers(1, 2**30),
)


@st.composite
def lxc_specs(draw: st.DrawFn) -> ContainerSpec:
    """What a configuration of LXC holds whole."""
    cpu, memory = draw(_limited())
    keep = Capabilities(CapabilityPolicy.DENY, keep=draw(_DROPS))
    drop = Capabilities(CapabilityPolicy.ALLOW, drop=draw(_DROPS))
    environment = draw(st.dictionaries(st.sampled_from(["A", "B_1", "c"]), _WORDS, max_size=3))
    return ContainerSpec(
        draw(NAMES),
        filesystems=draw(_mounts()),
        interfaces=draw(_lxc_interfaces()),
        program=draw(st.just(()) | st.lists(_WORDS, max_size=3).map(lambda w: ("/bin/sh", *w))),
        environment=tuple(environment.items()),
        directory=draw(st.none() | PATHS),
        user=draw(st.sampled_from([None, "0", "1000"])),
        group=draw(st.sampled_from([None, "0", "1000"])),
        cpu=cpu,
        memory=memory,
        consoles=draw(st.none() | st.integers(0, 8)),
        console_kib=draw(st.sampled_from([None, 4, 512, 16384])),
        io_weight=draw(st.none() | st.integers(10, 1000)),
        idmap=draw(st.none() | _MAPS),
        capabilities=draw(st.sampled_from([None, keep, drop])),
        network_isolated=draw(st.sampled_from([None, True])),
        namespaces=draw(st.sampled_from([(), (SharedNamespace("net", "netns", "blue"),)])),
        autostart=draw(st.sampled_from([None, True, False])),
        arch=draw(st.sampled_from([None, "x86_64", "aarch64"])),
        opaque=draw(_KEPT_BY_LXC),
    )


@st.composite
def vz_specs(draw: st.DrawFn) -> ContainerSpec:
    """What a CTID.conf holds whole."""
    plain = PATHS.filter(lambda path: not path.endswith(tuple("0123456789")))
    most = draw(st.none() | st.integers(128, 2**30).map(lambda pages: pages * 4))
    soft = draw(st.none() | st.just(512)) if draw(st.booleans()) else None
    swap = None if soft or most is None else draw(st.sampled_from([None, most, most + 4096]))
    size = draw(_KIB)
    root = Filesystem(FilesystemKind.MOUNT, draw(plain), "/", size_kib=size)
    if size is not None:
        root = replace(root, soft_kib=draw(st.none() | st.integers(1, size)))
    routed = draw(st.lists(st.sampled_from(["10.0.0.2/24", "10.0.1.2", "fd00::2/64"]), unique=True))
    percent = draw(st.none() | st.integers(1, 800))
    return ContainerSpec(
        draw(NAMES),
        uuid=draw(st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True)),
        description=draw(st.none() | st.text("ab #=$ä", min_size=1).map(str.strip)) or None,
        hostname=draw(st.sampled_from([None, "web.example.org"])),
        filesystems=draw(st.sampled_from([(), (root,)])),
        interfaces=(
            *(Interface(InterfaceKind.ETHERNET, addresses=(address,)) for address in routed),
            *draw(st.sampled_from([(), (Interface(InterfaceKind.BRIDGE, "br0", name="eth0"),)])),
            *draw(st.sampled_from([(), (Interface(InterfaceKind.PHYSICAL, "eth1"),)])),
        ),
        nameservers=tuple(draw(st.sampled_from([[], ["10.0.0.1", "fd00::1"]]))),
        cpu=Cpu(
            draw(st.none() | st.integers(8, 262144)),
            None if percent is None else percent * 1000,
            None if percent is None else 100000,
            draw(_CPUS),
            draw(_CPUS),
            draw(st.none() | st.integers(1, 64)),
        ),
        memory=Memory(most, soft, swap, draw(st.none() | st.just(4096))),
        processes=draw(st.none() | st.just(240)),
        capabilities=draw(
            st.sampled_from([None, Capabilities(keep=("net_admin",), drop=("mknod", "kill"))])
        ),
        autostart=draw(st.sampled_from([None, True, False])),
        profile=draw(st.sampled_from([None, "vps.basic"])),
        opaque=draw(
            st.sampled_from([(), (Opaque("NUMPTY", 'NUMPTY="80:80"'), Opaque("FOO", "FOO=x"))])
        ),
    )
