"""The canonical JSON of a specification; its keys are the paths that loss reports name."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from cloche_engine.definition.spec import (
    Capabilities,
    ContainerSpec,
    Cpu,
    Filesystem,
    IdMap,
    IdRange,
    Interface,
    Memory,
    Opaque,
    Owner,
    PortForward,
    Route,
    SharedNamespace,
)

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
"""What stands in a JSON document."""


def to_json(spec: ContainerSpec) -> dict[str, Json]:
    """Every field in a fixed order; null, [] or {} where the document is silent."""
    return {
        "name": spec.name or None,
        "uuid": spec.uuid,
        "title": spec.title,
        "description": spec.description,
        "hostname": spec.hostname,
        "filesystems": [_filesystem(entry) for entry in spec.filesystems],
        "interfaces": [_interface(entry) for entry in spec.interfaces],
        "nameservers": [*spec.nameservers],
        "program": [*spec.program],
        "environment": dict(spec.environment),
        "directory": spec.directory,
        "user": spec.user,
        "group": spec.group,
        "cpu": _cpu(spec.cpu),
        "memory": _memory(spec.memory),
        "consoles": spec.consoles,
        "idmap": _idmap(spec.idmap),
        "capabilities": _capabilities(spec.capabilities),
        "network_isolated": spec.network_isolated,
        "on_poweroff": spec.on_poweroff,
        "on_reboot": spec.on_reboot,
        "on_crash": spec.on_crash,
        "autostart": spec.autostart,
        "opaque": [*opaque_paths(spec.opaque)],
        "io_weight": spec.io_weight,
        "io_devices": [asdict(entry) for entry in spec.io_devices],
        "processes": spec.processes,
        "console_kib": spec.console_kib,
        "rlimits": [asdict(entry) for entry in spec.rlimits],
        "namespaces": [_namespace(entry) for entry in spec.namespaces],
        "arch": spec.arch,
        "machine": spec.machine,
        "profile": spec.profile,
        "console_ttys": [*spec.console_ttys],
        "stop_signal": spec.stop_signal,
        "stop_grace": spec.stop_grace,
        "system": spec.system,
        "privileged": spec.privileged,
    }


def opaque_paths(entries: tuple[Opaque, ...]) -> list[str]:
    """The path of each; where several have the same one, its number among these behind it."""
    every, seen = Counter(entry.path for entry in entries), Counter[str]()
    found = []
    for entry in entries:
        seen[entry.path] += 1
        number = f"[{seen[entry.path]}]" if every[entry.path] > 1 else ""
        found.append(entry.path + number)
    return found


def _filesystem(entry: Filesystem) -> Json:
    return {
        "kind": entry.kind.value,
        "source": entry.source or None,
        "target": entry.target,
        "readonly": entry.readonly,
        "size_kib": entry.size_kib,
        "soft_kib": entry.soft_kib,
        "options": [*entry.options],
        "access": entry.access.value if entry.access else None,
        "owner": _owner(entry.owner),
    }


def _owner(owner: Owner | None) -> Json:
    if owner is None:
        return None
    inside = f"{owner.inside_uid}:{owner.inside_gid}"
    return {"uid": owner.uid, "gid": owner.gid, "inside": inside}


def _interface(entry: Interface) -> Json:
    return {
        "kind": entry.kind.value,
        "source": entry.source,
        "mac": entry.mac,
        "name": entry.name,
        "addresses": [*entry.addresses],
        "routes": [_route(route) for route in entry.routes],
        "gateway": entry.gateway,
        "gateway6": entry.gateway6,
        "up": entry.up,
        "host_name": entry.host_name,
        "mode": entry.mode,
        "forwards": [_forward(forward) for forward in entry.forwards],
    }


def _forward(entry: PortForward) -> Json:
    return {
        "proto": entry.proto,
        "start": entry.start,
        "end": entry.end,
        "to": entry.to,
        "address": entry.address,
    }


def _route(entry: Route) -> Json:
    return {"to": entry.to, "via": entry.via, "metric": entry.metric}


def _cpu(cpu: Cpu) -> Json:
    return {
        "shares": cpu.shares,
        "quota_us": cpu.quota_us,
        "period_us": cpu.period_us,
        "cpuset": cpu.cpuset,
        "mems": cpu.mems,
        "count": cpu.count,
    }


def _memory(memory: Memory) -> Json:
    return {
        "max_kib": memory.max_kib,
        "soft_kib": memory.soft_kib,
        "swap_kib": memory.swap_kib,
        "guarantee_kib": memory.guarantee_kib,
    }


def _idmap(idmap: IdMap | None) -> Json:
    return {"uid": _ranges(idmap.uid), "gid": _ranges(idmap.gid)} if idmap else None


def _ranges(ranges: tuple[IdRange, ...]) -> Json:
    return [[entry.inside, entry.host, entry.count] for entry in ranges]


def _capabilities(capabilities: Capabilities | None) -> Json:
    if capabilities is None:
        return None
    return {
        "policy": capabilities.policy.value,
        "keep": [*capabilities.keep],
        "drop": [*capabilities.drop],
    }


def _namespace(entry: SharedNamespace) -> Json:
    return {"kind": entry.kind, "how": entry.how, "value": entry.value}
