"""What a container may do."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.spec import CapabilityPolicy, ContainerSpec
from cloche_engine.sandbox.plan.mounts import MountPlan, SourceKind
from cloche_engine.sandbox.plan.rights import (
    APPLICATION_CAPABILITIES,
    SYSTEM_CAPABILITIES,
    Rights,
)

_RUNTIME_DIRECTORY = "/run"
_RUNTIME_KIB = 256 * 1024


def compile_rights(spec: ContainerSpec) -> Rights:
    """Its kind, and the capabilities of it; UnsupportedError for what cannot be given."""
    if refused := _unsupported(spec):
        raise refusal(*refused)
    return Rights(
        system=bool(spec.system),
        privileged=bool(spec.privileged),
        capabilities=SYSTEM_CAPABILITIES if spec.system else APPLICATION_CAPABILITIES,
    )


def compile_runtime_directory(spec: ContainerSpec) -> tuple[MountPlan, ...]:
    """An empty /run, which an init expects, unless the definition has one or its root is shared."""
    given = any(each.target == _RUNTIME_DIRECTORY for each in spec.filesystems)
    if not spec.system or spec.shares_host_root or given:
        return ()
    return (MountPlan("", _RUNTIME_DIRECTORY, size_kib=_RUNTIME_KIB, kind=SourceKind.RAM),)


def _unsupported(spec: ContainerSpec) -> tuple[str, str] | None:
    rights = spec.capabilities
    if spec.privileged and spec.shares_host_root:
        reason = "a privileged container cannot share this system's root: its root would be yours"
        return reason, "remove <privileged/>, or give it a root of its own with a mount on /"
    if spec.idmap is not None:
        hint = "remove <idmap>: each container gets a block of ids that no other has"
        return "ids of one's own choice do not work yet", hint
    if spec.namespaces:
        return "sharing a namespace does not work yet", "remove <lxc:namespace>"
    if rights and (rights.keep or rights.drop or rights.policy is not CapabilityPolicy.DEFAULT):
        hint = "remove <capabilities>: without it a container has those that harm nobody else"
        return "choosing capabilities does not work yet", hint
    return None
