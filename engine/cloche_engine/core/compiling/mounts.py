"""The mounts of a plan."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import place, refusal
from cloche_engine.definition.spec import ContainerSpec, Filesystem, FilesystemKind
from cloche_engine.sandbox.plan.mounts import MountPlan

_KERNEL_PATHS = ("/proc", "/sys")


def compile_root(spec: ContainerSpec) -> str:
    """The directory that is the root; empty where the host's is shared."""
    return _source(spec.root) if spec.root else ""


def compile_mounts(spec: ContainerSpec) -> tuple[MountPlan, ...]:
    """All but the root, in document order."""
    for filesystem in spec.filesystems:
        _refuse_unsupported(filesystem)
    return tuple(_mount(each) for each in spec.filesystems if each is not spec.root)


def _refuse_unsupported(filesystem: Filesystem) -> None:
    if filesystem.options:
        raise refusal(
            f"options of the mount on {filesystem.target} do not work yet",
            "remove its <option> elements",
            filesystem.location,
        )
    is_ram = filesystem.kind is FilesystemKind.RAM
    if filesystem.soft_kib is not None or (filesystem.size_kib is not None and not is_ram):
        raise refusal(
            f"a limit of space on {filesystem.target} does not work yet",
            "remove its limits of space, or give it type='ram'",
            filesystem.location,
        )


def _source(filesystem: Filesystem) -> str:
    if filesystem.kind is not FilesystemKind.MOUNT:
        raise refusal(
            f"a filesystem of type {filesystem.kind} cannot be mounted yet",
            "use type 'mount' with a directory as source, or type 'ram'",
            filesystem.location,
        )
    return filesystem.source


def _mount(filesystem: Filesystem) -> MountPlan:
    line, column = place(filesystem.location)
    target = filesystem.target
    if target in _KERNEL_PATHS or target.startswith(tuple(f"{path}/" for path in _KERNEL_PATHS)):
        raise refusal(
            f"nothing can be mounted on {target}: /proc and /sys are the container's own",
            "choose another target",
            filesystem.location,
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
