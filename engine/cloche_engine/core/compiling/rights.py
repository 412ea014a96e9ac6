"""What a container may do."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.core.places import Places
from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    IdMap,
    IdRange,
    InterfaceKind,
)
from cloche_engine.host.ids import COUNT, EVERY_ID
from cloche_engine.kernel.capabilities import NUMBERS
from cloche_engine.sandbox.plan.mounts import MountPlan, SourceKind
from cloche_engine.sandbox.plan.rights import (
    APPLICATION_CAPABILITIES,
    SYSTEM_CAPABILITIES,
    IdLine,
    Rights,
)

_RUNTIME_DIRECTORY = "/run"
_RUNTIME_KIB = 256 * 1024


def compile_rights(spec: ContainerSpec) -> Rights:
    """Its kind, and the capabilities of it; UnsupportedError for what cannot be given."""
    if refused := _unsupported(spec):
        raise refusal(*refused)
    maps = spec.idmap or IdMap((), ())
    return Rights(
        system=bool(spec.system),
        privileged=bool(spec.privileged),
        capabilities=_capabilities(spec),
        uid_map=_lines(maps.uid),
        gid_map=_lines(maps.gid),
        shares_network=spec.shares_host_network,
        joined=tuple(each.kind for each in spec.namespaces),
    )


def compile_ids(rights: Rights, base: int) -> tuple[int, int]:
    """What its root is on the host, and how many ids it has; `base` begins its own block."""
    if rights.privileged:
        return 0, EVERY_ID
    if not rights.uid_map:
        return base, COUNT
    return rights.uid_map[0][1], max(line[0] + line[2] for line in rights.uid_map + rights.gid_map)


def _lines(ranges: tuple[IdRange, ...]) -> tuple[IdLine, ...]:
    return tuple((each.inside, each.host, each.count) for each in ranges)


def _capabilities(spec: ContainerSpec) -> tuple[str, ...]:
    """Those of its kind, all or none, and what the definition adds and takes away."""
    wanted = spec.capabilities or Capabilities()
    usual = SYSTEM_CAPABILITIES if spec.system else APPLICATION_CAPABILITIES
    begin = {CapabilityPolicy.ALLOW: tuple(NUMBERS), CapabilityPolicy.DENY: ()}
    kept = {*begin.get(wanted.policy, usual), *wanted.keep} - {*wanted.drop}
    return tuple(sorted(kept))


def compile_profile(rights: Rights, places: Places) -> str:
    """The profile that it comes under; empty where the host has none."""
    compiled = places.profiles / ("system" if rights.administers else "application")
    return str(compiled) if compiled.exists() else ""


def compile_runtime_directory(spec: ContainerSpec) -> tuple[MountPlan, ...]:
    """An empty /run, which an init expects, unless the definition has one or its root is shared."""
    given = any(each.target == _RUNTIME_DIRECTORY for each in spec.filesystems)
    if not spec.system or spec.shares_host_root or given:
        return ()
    return (MountPlan("", _RUNTIME_DIRECTORY, size_kib=_RUNTIME_KIB, kind=SourceKind.RAM),)


def _unsupported(spec: ContainerSpec) -> tuple[str, str] | None:
    named = spec.capabilities or Capabilities()
    if unknown := next((name for name in (*named.keep, *named.drop) if name not in NUMBERS), None):
        return f"there is no capability {unknown}", "write one of capabilities(7) without cap_"
    if spec.privileged and spec.shares_host_root:
        reason = "a privileged container cannot share this system's root: its root would be yours"
        return reason, "remove <privileged/>, or give it a root of its own with a mount on /"
    if spec.shares_host_network and (spec.system or spec.privileged):
        reason = "a whole or privileged system would set up the host's network as its own"
        return reason, "give it an interface of type 'network', or remove what makes it one"
    return _unsupported_sharing(spec) or _unsupported_ids(spec)


def _unsupported_sharing(spec: ContainerSpec) -> tuple[str, str] | None:
    """What would have rights in a namespace that is another's, and what nobody could have."""
    if spec.namespaces and spec.privileged:
        reason = "a privileged container would be root in the namespaces that it shares"
        return reason, "remove <privileged/>, or <lxc:namespace>"
    if any((each.how, each.value) == ("name", spec.name) for each in spec.namespaces):
        return "it cannot share a namespace with itself", "name another container"
    if not spec.shared_network:
        return None
    if spec.system:
        reason = "a whole system would set up the network that it shares as its own"
        return reason, "give it an interface of type 'network', or remove what makes it one"
    if any(each.kind is not InterfaceKind.NONE for each in spec.interfaces):
        reason = "beside a network that is another's there can be no interface of its own"
        return reason, "remove the interfaces, or <lxc:sharenet>"
    return None


def _unsupported_ids(spec: ContainerSpec) -> tuple[str, str] | None:
    if spec.idmap is None:
        return None
    if spec.privileged:
        return "a privileged container has the host's ids", "remove <privileged/>, or <idmap>"
    if not spec.idmap.uid or not spec.idmap.gid:
        return "<idmap> maps users and groups or nothing", "add a <uid> and a <gid>, or remove it"
    if spec.shares_host_root and 0 in {spec.idmap.uid[0].host, spec.idmap.gid[0].host}:
        reason = "with this <idmap> its root would be yours, and it shares this system's root"
        return reason, "map id 0 inside to another, or give it a root of its own"
    if any(each.owner for each in spec.filesystems):
        reason = "<owner> of a filesystem counts in the container's own block of ids"
        return reason, "remove <idmap>, or <owner>"
    return None
