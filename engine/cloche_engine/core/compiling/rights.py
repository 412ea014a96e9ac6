"""What a container may do."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.spec import CapabilityPolicy, ContainerSpec


def refuse_rights(spec: ContainerSpec) -> None:
    """UnsupportedError for rights that cannot be given yet."""
    if refused := _unsupported(spec):
        raise refusal(*refused)


def _unsupported(spec: ContainerSpec) -> tuple[str, str] | None:
    rights = spec.capabilities
    for name, switch in (("system", spec.system), ("privileged", spec.privileged)):
        if switch:
            return f"<{name}/> does not work yet", "remove it from <features>"
    if spec.idmap is not None:
        hint = "remove <idmap>: each container gets a block of ids that no other has"
        return "ids of one's own choice do not work yet", hint
    if spec.namespaces:
        return "sharing a namespace does not work yet", "remove <lxc:namespace>"
    if rights and (rights.keep or rights.drop or rights.policy is not CapabilityPolicy.DEFAULT):
        hint = "remove <capabilities>: without it a container has those that harm nobody else"
        return "choosing capabilities does not work yet", hint
    return None
