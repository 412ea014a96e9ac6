"""Writes `CTID.conf`.

OpenVZ names containers by number, and a file's number is its name: whoever saves it chooses one.
None is made up here, as one that is taken would overwrite another container. The name that the
container has goes to NAME, which vzctl takes in the place of the number in every command; a name
that is a number goes to VEID, where OpenVZ 7 writes its own and vzctl looks for none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.conf import numbers
from cloche_engine.definition.conf.lines import Line
from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.dialects.openvz.number import is_number
from cloche_engine.definition.dialects.openvz_conf.limits import (
    MAX_PERCENT,
    MAX_UNITS,
    MIN_UNITS,
    UNLIMITED,
)
from cloche_engine.definition.dialects.openvz_conf.lookup import parse_line
from cloche_engine.definition.dialects.openvz_conf.net import netif_path
from cloche_engine.definition.schema.domain import DEFAULT_PERIOD_US
from cloche_engine.definition.spec import (
    Capabilities,
    ContainerSpec,
    Cpu,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
    Opaque,
)

REASONS = (
    Reason("name", "OpenVZ names containers by number, which is the name of the file: choose one"),
    Reason("title", "OpenVZ keeps a name and a description"),
    Reason("description", "DESCRIPTION is one line without quotes and tabs"),
    Reason("filesystems", "OpenVZ has one root; more is mounted by scripts beside the file"),
    Reason("filesystems.readonly", "the root of OpenVZ is writable"),
    Reason("filesystems.options", "the root of OpenVZ is mounted as vz.conf says"),
    Reason("filesystems.access", "OpenVZ maps no owners"),
    Reason("filesystems.owner", "OpenVZ maps no owners"),
    Reason("interfaces", "OpenVZ has venet, veth on a bridge, and devices of the host"),
    Reason("interfaces.kind", "addresses belong to venet, which the host routes"),
    Reason("interfaces.addresses", "NETIF has no addresses: they are set inside"),
    Reason("interfaces.routes", "OpenVZ sets no routes"),
    Reason("interfaces.forwards", "OpenVZ forwards no ports"),
    Reason("interfaces.gateway", "venet leads to the host, which needs no gateway"),
    Reason("interfaces.gateway6", "venet leads to the host, which needs no gateway"),
    Reason("interfaces.up", "OpenVZ sets every interface up"),
    Reason("program", "OpenVZ starts /sbin/init"),
    Reason("environment", "OpenVZ starts /sbin/init without variables of its own"),
    Reason("directory", "OpenVZ starts /sbin/init"),
    Reason("user", "OpenVZ starts /sbin/init as root"),
    Reason("group", "OpenVZ starts /sbin/init as root"),
    Reason("cpu.shares", f"CPUUNITS go from {MIN_UNITS} to {MAX_UNITS}"),
    Reason("cpu.quota_us", f"CPULIMIT is whole percent of a CPU, up to {MAX_PERCENT}"),
    Reason("cpu.period_us", "CPULIMIT is a percentage, always of 100000 microseconds"),
    Reason("memory", "OpenVZ counts memory in pages of 4 KiB"),
    Reason("memory.soft_kib", "beside PHYSPAGES and SWAPPAGES there is no soft limit"),
    Reason("memory.swap_kib", "SWAPPAGES limits swap where PHYSPAGES limits memory"),
    Reason("consoles", "vzctl console reaches every container"),
    Reason("console_ttys", "vzctl console reaches every container"),
    Reason("io_devices", "OpenVZ limits no single disk"),
    Reason("console_kib", "OpenVZ keeps nothing of what a console said"),
    Reason("rlimits", "OpenVZ sets no limits of single processes"),
    Reason("io_weight", "IOPRIO has eight steps and no weight"),
    Reason("idmap", "root of an OpenVZ container is root of its kernel"),
    Reason("capabilities", "CAPABILITY changes the set that OpenVZ itself begins with"),
    Reason("network_isolated", "a container of OpenVZ has venet, with or without addresses"),
    Reason("namespaces", "OpenVZ shares no namespaces"),
    Reason("on_poweroff", "vzctl decides what follows the end"),
    Reason("on_reboot", "OpenVZ starts a container again that reboots"),
    Reason("on_crash", "vzctl decides what follows the end"),
    Reason("arch", "OpenVZ takes it from the template"),
    Reason("stop_signal", "vzctl ends a container by its init's own means"),
    Reason("stop_grace", "vzctl has a time of its own"),
    Reason("system", "an OpenVZ container is always a whole system"),
    Reason("privileged", "OpenVZ has no such containers"),
    Reason("machine", "OpenVZ takes it from the template"),
    Reason("opaque", "it is no line of an OpenVZ configuration"),
)

_BREAKS = re.compile(r"[\t\r\n]+")
_PART = re.compile(r"[A-Za-z0-9_]+(?:=[^\s;,\"]+)?")
_PAGE_KIB = 4
_ROUTED = {InterfaceKind.ETHERNET, InterfaceKind.NAT}
_VETH = {InterfaceKind.BRIDGE: "bridge", InterfaceKind.NETWORK: "network"}
_Pair = tuple[str, str]


def write(spec: ContainerSpec) -> bytes:
    """The file; what no parameter holds is left out."""
    own = [(key, value) for key, value in _pairs(spec) if value and not set(value) & set('"\t\r\n')]
    taken = {key for key, _ in own}
    if "OSTEMPLATE" in taken:  # beside it VE_PRIVATE would be the root
        taken.add("VE_PRIVATE")
    head = [] if is_number(spec.name) else ["# Save this as NUMBER.conf, above 100."]
    if spec.uuid is not None:
        head.append(f"#UUID: {names.dashed_uuid(spec.uuid)}")
    lines = [*head, *(f'{key}="{value}"' for key, value in own), *_kept(spec, taken)]
    return "".join(f"{line}\n" for line in lines).encode()


def _kept(spec: ContainerSpec, taken: set[str]) -> Iterator[str]:
    for entry in spec.opaque:
        found = None if "\n" in entry.text else parse_line(Line(entry.text, 0, 0))
        is_own = found is not None and found.key == entry.path and "." not in entry.path
        if is_own and entry.path not in taken:
            yield entry.text


def _pairs(spec: ContainerSpec) -> Iterator[_Pair]:
    yield ("VEID" if is_number(spec.name) else "NAME"), spec.name
    yield "DESCRIPTION", _one_line(spec.description or "")
    yield "HOSTNAME", spec.hostname or ""
    yield "ORIGIN_SAMPLE", spec.profile or ""
    if spec.autostart is not None:
        yield "ONBOOT", "yes" if spec.autostart else "no"
    yield from _root(spec)
    yield from _network(spec.interfaces, spec.opaque)
    yield "NAMESERVER", " ".join(spec.nameservers)
    yield from _cpu(spec.cpu)
    yield from _memory(spec.memory)
    if spec.processes is not None:
        yield "NUMPROC", f"{spec.processes}:{spec.processes}"
    yield from _capabilities(spec.capabilities)


def _one_line(text: str) -> str:
    return _BREAKS.sub(" ", text.replace('"', "'")).strip()


def _root(spec: ContainerSpec) -> Iterator[_Pair]:
    root = spec.root
    if root is None or root.kind not in {FilesystemKind.MOUNT, FilesystemKind.TEMPLATE}:
        return
    yield "OSTEMPLATE" if root.kind is FilesystemKind.TEMPLATE else "VE_PRIVATE", root.source
    if root.soft_kib is not None:
        yield "DISKSPACE", f"{root.soft_kib}:{root.size_kib or UNLIMITED}"
    elif root.size_kib is not None:
        yield "DISKSPACE", str(root.size_kib)


def _network(interfaces: tuple[Interface, ...], opaque: tuple[Opaque, ...]) -> Iterator[_Pair]:
    routed = [entry for entry in interfaces if entry.kind in _ROUTED and entry.addresses]
    veths = [
        entry
        for entry in interfaces
        if entry.kind in _VETH or (entry.kind is InterfaceKind.ETHERNET and not entry.addresses)
    ]
    yield "IP_ADDRESS", " ".join(address for entry in routed for address in entry.addresses)
    kept = _kept_of_links(opaque)
    yield "NETIF", ";".join(_veth(at, entry, kept) for at, entry in enumerate(veths))
    physical = [entry for entry in interfaces if entry.kind is InterfaceKind.PHYSICAL]
    yield "NETDEV", " ".join(entry.source for entry in physical if entry.source)


def _veth(number: int, interface: Interface, kept: dict[str, list[str]]) -> str:
    device = interface.name or f"eth{number}"
    pairs = [
        ("ifname", device),
        ("mac", interface.mac),
        ("host_ifname", interface.host_name),
        (_VETH.get(interface.kind, ""), interface.source),
    ]
    own = [f"{name}={value}" for name, value in pairs if name and value]
    return ",".join([*own, *kept.get(netif_path(device, ""), ())])


def _kept_of_links(opaque: tuple[Opaque, ...]) -> dict[str, list[str]]:
    """What was kept of each interface and fits into its place again, by the path above it."""
    found: dict[str, list[str]] = {}
    for entry in opaque:
        above, slash, name = entry.path.rpartition("/")
        if _PART.fullmatch(entry.text) and name == entry.text.partition("=")[0]:
            found.setdefault(above + slash, []).append(entry.text)
    return found


def _cpu(cpu: Cpu) -> Iterator[_Pair]:
    if cpu.shares is not None and MIN_UNITS <= cpu.shares <= MAX_UNITS:
        yield "CPUUNITS", str(cpu.shares)
    if cpu.quota_us is not None:
        period = cpu.period_us or DEFAULT_PERIOD_US
        percent = -(-cpu.quota_us * 100 // period)
        if percent <= MAX_PERCENT:
            yield "CPULIMIT", str(percent)
    if cpu.cpuset is not None and not numbers.valid_cpus(cpu.cpuset):
        yield "CPUMASK", cpu.cpuset
    if cpu.mems is not None and not numbers.valid_cpus(cpu.mems):
        yield "NODEMASK", cpu.mems
    if cpu.count is not None:
        yield "CPUS", str(cpu.count)


def _memory(memory: Memory) -> Iterator[_Pair]:
    """PHYSPAGES, where a soft limit stands alone beside it PRIVVMPAGES, which has both."""
    most, soft, swap = memory.max_kib, memory.soft_kib, memory.swap_kib
    if soft is not None and (swap is None or most is None):
        yield "PRIVVMPAGES", f"{_pages(soft)}:{UNLIMITED if most is None else _pages(most)}"
    elif most is not None:
        yield "PHYSPAGES", f"0:{_pages(most)}"
        if swap is not None and swap >= most:
            yield "SWAPPAGES", f"0:{_pages(swap - most)}"
    if memory.guarantee_kib is not None:
        yield "VMGUARPAGES", f"{_pages(memory.guarantee_kib)}:{UNLIMITED}"


def _pages(kib: int) -> int:
    return -(-kib // _PAGE_KIB)


def _capabilities(capabilities: Capabilities | None) -> Iterator[_Pair]:
    if capabilities is not None:
        words = [f"{name.upper()}:on" for name in capabilities.keep]
        words += [f"{name.upper()}:off" for name in capabilities.drop]
        yield "CAPABILITY", " ".join(words)
