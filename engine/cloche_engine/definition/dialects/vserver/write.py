"""Writes `<domain type='vserver'>` in the form that was proposed in November 2007."""

from __future__ import annotations

from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.dialects.vserver.addresses import write_interface
from cloche_engine.definition.dialects.vserver.disks import write_disk
from cloche_engine.definition.dialects.vserver.scheduler import says, write_scheduler
from cloche_engine.definition.domain.opaque import is_home, with_opaque
from cloche_engine.definition.domain.values import branch, leaf
from cloche_engine.definition.schema.vserver import DOMAIN_TYPE, SCHEMA
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.markup import Layout, Markup, writable_parts

SCHEDULER = "domain/scheduler"

_HOME = is_home(SCHEMA, SCHEDULER)
_RUNS_INIT = "Linux-VServer starts the init that it finds in the root"
_NO_PLACE = "the proposal for Linux-VServer has no element for it"
_ADDRESSES_ONLY = "Linux-VServer lends a container addresses of the host, no interface of its own"

REASONS: tuple[Reason, ...] = (
    Reason("uuid", "Linux-VServer knows a container by name and context number only"),
    Reason("title", _NO_PLACE),
    Reason("description", _NO_PLACE),
    Reason("program", _RUNS_INIT),
    Reason("environment", _RUNS_INIT),
    Reason("directory", _RUNS_INIT),
    Reason("user", _RUNS_INIT),
    Reason("group", _RUNS_INIT),
    Reason("filesystems", "a disk of Linux-VServer is a path or a block device of the host"),
    Reason("filesystems.readonly", "a disk of the proposal cannot be read-only"),
    Reason("filesystems.size_kib", "the proposal for Linux-VServer has no quota"),
    Reason("filesystems.soft_kib", "the proposal for Linux-VServer has no quota"),
    Reason("filesystems.options", "a disk of the proposal has no mount options"),
    Reason("filesystems.access", "the proposal maps no owners"),
    Reason("filesystems.owner", "the proposal maps no owners"),
    Reason("interfaces", _ADDRESSES_ONLY),
    Reason("interfaces.gateway", "the host's own routes are used"),
    Reason("interfaces.gateway6", "the host's own routes are used"),
    Reason("interfaces.forwards", "the container has the host's own ports"),
    Reason("interfaces.routes", "the host's own routes are used"),
    Reason("nameservers", "Linux-VServer leaves /etc/resolv.conf to the container"),
    Reason("cpu.shares", "the scheduler of Linux-VServer has rates, no shares"),
    Reason("cpu.quota_us", "a rate counts whole ticks, taken as a millisecond each"),
    Reason("cpu.period_us", "a rate counts whole ticks, taken as a millisecond each"),
    Reason("cpu.cpuset", "CPUs are listed one by one, up to number 1023"),
    Reason("cpu.mems", _NO_PLACE),
    Reason("cpu.count", _NO_PLACE),
    Reason("memory.soft_kib", "the proposal has one limit of memory only"),
    Reason("memory.swap_kib", "the proposal has one limit of memory only"),
    Reason("memory.guarantee_kib", "the proposal has one limit of memory only"),
    Reason("consoles", "a Linux-VServer container has no console"),
    Reason("console_ttys", "a Linux-VServer container has no console"),
    Reason("idmap", "Linux-VServer has no user namespaces"),
    Reason("capabilities", _NO_PLACE),
    Reason("network_isolated", _ADDRESSES_ONLY),
    Reason("namespaces", "Linux-VServer has contexts in place of namespaces"),
    Reason("autostart", "what starts with the host is marked outside of the definition"),
    Reason("system", _NO_PLACE),
    Reason("privileged", _NO_PLACE),
    Reason("profile", _NO_PLACE),
    *(
        Reason(path, _NO_PLACE)
        for path in ("arch", "io_weight", "io_devices", "stop_signal", "stop_grace", "opaque")
    ),
    *(Reason(path, _NO_PLACE) for path in ("processes", "rlimits", "console_kib")),
    *(Reason(path, _NO_PLACE) for path in ("on_poweroff", "on_reboot", "on_crash")),
)


def write(spec: ContainerSpec) -> bytes:
    """The document, with all that the proposal has a place for."""
    kept = [entry for entry in spec.opaque if entry.path == SCHEDULER]
    good = [entry for entry in kept[:1] if says(entry.text, spec.cpu)]
    stale = [entry for entry in kept if entry not in good]
    opaque = tuple(entry for entry in spec.opaque if entry not in stale)
    domain = _domain(spec, () if good else write_scheduler(spec.cpu))
    whole = with_opaque(writable_parts(domain), opaque, _HOME)
    return (whole.render(Layout()) + "\n").encode()


def _domain(spec: ContainerSpec, scheduler: tuple[Markup, ...]) -> Markup:
    children = (
        *leaf("name", spec.name),
        *leaf("memory", spec.memory.max_kib),
        *scheduler,
        *_container(spec),
        *_devices(spec),
    )
    return Markup("domain", (("type", DOMAIN_TYPE),), children=children)


def _container(spec: ContainerSpec) -> tuple[Markup, ...]:
    if spec.hostname is None and spec.machine is None:
        return ()
    uts = Markup("uts", (("hostname", spec.hostname), ("machine", spec.machine)))
    return (Markup("container", children=(uts,)),)


def _devices(spec: ContainerSpec) -> tuple[Markup, ...]:
    disks = (disk for filesystem in spec.filesystems for disk in write_disk(filesystem))
    links = (link for interface in spec.interfaces for link in write_interface(interface))
    return branch("devices", tuple(disks), tuple(links))
