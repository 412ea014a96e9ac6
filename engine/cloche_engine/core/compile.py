"""From what a definition means to what a start does."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.core.unsupported import refuse_unsupported
from cloche_engine.definition.spec import (
    ContainerSpec,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Location,
)
from cloche_engine.host.ids import COUNT
from cloche_engine.sandbox.plan import LaunchPlan, LinkPlan, MountPlan, RoutePlan

PROCESSES = 2048
"""As many processes as a container may have: enough for applications, too few for a fork bomb."""

_KERNEL_PATHS = ("/proc", "/sys")


@dataclass(frozen=True, slots=True)
class Places:
    """Where an engine keeps things; `instance` sets its groups and links apart from others'."""

    directory: Path
    runtime: Path
    instance: str

    @property
    def groups(self) -> str:
        """Where the control groups of its containers lie in each tree."""
        return f"cloche/{self.instance}"

    def log(self, uuid: str) -> Path:
        """What the console said last."""
        return self.directory / "logs" / f"{uuid}.log"

    def exit_record(self, uuid: str) -> Path:
        """How the last run ended."""
        return self.directory / "logs" / f"{uuid}.json"


def compile_plan(spec: ContainerSpec, uuid: str, id_base: int, places: Places) -> LaunchPlan:
    """The plan of a start; UnsupportedError where the definition wants more than there is yet."""
    refuse_unsupported(spec)
    root = spec.root
    return LaunchPlan(
        uuid=uuid,
        name=spec.name,
        hostname=spec.effective_hostname,
        argv=spec.program,
        environment=spec.environment,
        directory=spec.directory or "",
        user=spec.user or ("0" if spec.group else ""),
        group=spec.group or "",
        root=_source(root) if root else "",
        root_readonly=root.readonly if root else False,
        mounts=tuple(_mount(each) for each in spec.filesystems if each is not root),
        link=_link(spec, uuid, places.instance),
        nameservers=spec.nameservers,
        id_base=id_base,
        id_count=COUNT,
        cpu_shares=spec.cpu.shares or 0,
        memory=(spec.memory.max_kib or 0) * 1024,
        processes=PROCESSES,
        runtime=str(places.runtime / uuid),
        log=str(places.log(uuid)),
        exit_record=str(places.exit_record(uuid)),
    )


def _place(location: Location | None) -> tuple[int, int]:
    return (location.line, location.column) if location else (0, 0)


def _details(location: Location | None) -> dict[str, str]:
    line, column = _place(location)
    return {"line": str(line), "column": str(column)} if line else {}


def _source(filesystem: Filesystem) -> str:
    if filesystem.kind is not FilesystemKind.MOUNT:
        raise UnsupportedError(
            f"a filesystem of type {filesystem.kind} cannot be mounted yet",
            "use type 'mount' with a directory as source, or type 'ram'",
            _details(filesystem.location),
        )
    return filesystem.source


def _mount(filesystem: Filesystem) -> MountPlan:
    line, column = _place(filesystem.location)
    target = filesystem.target
    if target in _KERNEL_PATHS or target.startswith(tuple(f"{path}/" for path in _KERNEL_PATHS)):
        raise UnsupportedError(
            f"nothing can be mounted on {target}: /proc and /sys are the container's own",
            "choose another target",
            _details(filesystem.location),
        )
    is_ram = filesystem.kind is FilesystemKind.RAM
    return MountPlan(
        source="" if is_ram else _source(filesystem),
        target=target,
        readonly=filesystem.readonly,
        size_kib=filesystem.size_kib or 0,
        line=line,
        column=column,
    )


def _link(spec: ContainerSpec, uuid: str, instance: str) -> LinkPlan | None:
    interfaces = [each for each in spec.interfaces if each.kind is not InterfaceKind.NONE]
    if not interfaces:
        return None
    if len(interfaces) > 1:
        raise UnsupportedError(
            "one network interface is all that works yet",
            "keep one interface of type 'bridge' or the <network> element alone",
            _details(interfaces[1].location),
        )
    if refused := _unsupported(interfaces[0]):
        raise UnsupportedError(*refused, _details(interfaces[0].location))
    return _link_of(interfaces[0], uuid, instance)


def _unsupported(interface: Interface) -> tuple[str, str] | None:
    """Why this interface cannot be made yet, and what to do about it."""
    if interface.kind not in {InterfaceKind.NAT, InterfaceKind.BRIDGE}:
        return (
            f"a network interface of kind '{interface.kind}' does not work yet",
            "use type 'bridge' with a bridge of the host, or addresses in <network> alone",
        )
    if interface.kind is InterfaceKind.NAT and not interface.addresses:
        return "an interface on a private bridge needs an address", "add an <ip> to it"
    if not interface.up:
        return "an interface that is down at the start does not work yet", "remove its <link>"
    if interface.host_name is not None:
        return "the host's end of an interface cannot be named yet", "remove its <target>"
    return None


def _link_of(interface: Interface, uuid: str, instance: str) -> LinkPlan:
    line, column = _place(interface.location)
    carried = _gateway_addresses(interface)
    bridge = interface.source if interface.kind is InterfaceKind.BRIDGE else None
    return LinkPlan(
        outer="clv" + _digest(instance, uuid, 11),
        inner=interface.name or "eth0",
        bridge=bridge or "clb" + _digest(instance, " ".join(carried or interface.addresses), 11),
        private=bridge is None,
        gateway_addresses=carried,
        addresses=interface.addresses,
        routes=_routes(interface),
        mac=interface.mac or "",
        line=line,
        column=column,
    )


def _digest(instance: str, subject: str, length: int) -> str:
    # A link's name holds 15 bytes, so it is named by a digest of what it belongs to.
    return hashlib.sha256(f"{instance}\0{subject}".encode()).hexdigest()[:length]


def _gateway_addresses(interface: Interface) -> tuple[str, ...]:
    """What a private bridge carries: each gateway, with the prefix of the network it lies in."""
    gateways = [
        ipaddress.ip_address(text) for text in (interface.gateway, interface.gateway6) if text
    ]
    networks = [ipaddress.ip_interface(text).network for text in interface.addresses]
    return tuple(
        f"{gateway}/{next((n.prefixlen for n in networks if gateway in n), 64)}"
        for gateway in gateways
    )


def _routes(interface: Interface) -> tuple[RoutePlan, ...]:
    defaults = [RoutePlan(route.to, route.via) for route in interface.default_routes]
    further = [RoutePlan(route.to, route.via, route.metric) for route in interface.routes]
    return (*further, *defaults)
