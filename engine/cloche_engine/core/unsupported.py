"""What a definition may say and a start cannot give yet: refused, so that nothing is ignored."""

from __future__ import annotations

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.definition.spec import CapabilityPolicy, ContainerSpec, FilesystemKind

_ENDS = {None, "destroy"}


def refuse_unsupported(spec: ContainerSpec) -> None:
    """UnsupportedError for the first thing that cannot be given."""
    for found in (_limits(spec), _rights(spec), _mounts(spec), _ending(spec)):
        if found is not None:
            raise UnsupportedError(*found)


def _limits(spec: ContainerSpec) -> tuple[str, str] | None:
    cpu, memory = spec.cpu, spec.memory
    # A period without a quota limits nothing, and a number of processors nowhere limits containers.
    if cpu.quota_us is not None:
        return "a limit of processor time does not work yet", "remove <quota>"
    if cpu.cpuset is not None or cpu.mems is not None:
        return "choosing processors does not work yet", "remove <vcpu> and <numatune>"
    if (memory.soft_kib, memory.swap_kib, memory.guarantee_kib) != (None, None, None):
        return "of the limits of memory only <memory> works yet", "remove what else <memtune> says"
    if spec.io_weight is not None:
        return "a weight of input and output does not work yet", "remove <blkiotune>"
    return None


def _rights(spec: ContainerSpec) -> tuple[str, str] | None:
    rights = spec.capabilities
    if spec.idmap is not None:
        hint = "remove <idmap>: each container gets a block of ids that no other has"
        return "ids of one's own choice do not work yet", hint
    if spec.namespaces:
        return "sharing a namespace does not work yet", "remove <lxc:namespace>"
    if rights and (rights.keep or rights.drop or rights.policy is not CapabilityPolicy.DEFAULT):
        hint = "remove <capabilities>: without it a container has those that harm nobody else"
        return "choosing capabilities does not work yet", hint
    if spec.network_isolated is False and not spec.interfaces:
        hint = "remove <privnet state='off'/>, or give the container an <interface>"
        return "sharing the host's network does not work yet", hint
    return None


def _mounts(spec: ContainerSpec) -> tuple[str, str] | None:
    for filesystem in spec.filesystems:
        if filesystem.options:
            reason = f"options of the mount on {filesystem.target} do not work yet"
            return reason, "remove its <option> elements"
        is_ram = filesystem.kind is FilesystemKind.RAM
        if filesystem.soft_kib is not None or (filesystem.size_kib is not None and not is_ram):
            hint = "remove its limits of space, or give it type='ram'"
            return f"a limit of space on {filesystem.target} does not work yet", hint
    return None


def _ending(spec: ContainerSpec) -> tuple[str, str] | None:
    for name, action in (("on_poweroff", spec.on_poweroff), ("on_crash", spec.on_crash)):
        if action not in _ENDS:
            return f"<{name}>{action}</{name}> does not work yet", "write destroy, or remove it"
    return None
