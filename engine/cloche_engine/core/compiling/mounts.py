"""The mounts of a plan."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cloche_engine.core.compiling.options import attributes_of
from cloche_engine.core.compiling.refusal import place, refusal
from cloche_engine.core.places import Places
from cloche_engine.definition.container.space import why_no_limit
from cloche_engine.definition.names import valid_template_name
from cloche_engine.definition.spec import Access, ContainerSpec, Filesystem, FilesystemKind
from cloche_engine.sandbox.plan.mounts import MountPlan, OneOwner, Owners, SourceKind

_KERNEL_PATHS = ("/proc", "/sys")
_KINDS = {
    FilesystemKind.MOUNT: SourceKind.TREE,
    FilesystemKind.TEMPLATE: SourceKind.TEMPLATE,
    FilesystemKind.RAM: SourceKind.RAM,
    FilesystemKind.FILE: SourceKind.IMAGE,
    FilesystemKind.BLOCK: SourceKind.BLOCK,
    FilesystemKind.BIND: SourceKind.INSIDE,
}
_ROOTS = {
    FilesystemKind.MOUNT, FilesystemKind.TEMPLATE, FilesystemKind.FILE, FilesystemKind.BLOCK,
}  # fmt: skip
_OWNERS = {None: Owners.SAME, Access.PASSTHROUGH: Owners.SAME, Access.MAPPED: Owners.BLOCK}
_MOST_INSIDE = 65535


@dataclass(frozen=True, slots=True)
class Storage:
    """Whose mounts these are, and where its templates and copies of them lie."""

    uuid: str
    places: Places

    def template(self, name: str) -> str:
        """The tree of a template."""
        return str(self.places.template_tree(name))

    def upper(self, filesystem: Filesystem) -> str:
        """What this container wrote to a template that it has at a target."""
        words = f"{filesystem.target}\n{filesystem.source}".encode()
        return str(self.places.copies(self.uuid) / hashlib.sha256(words).hexdigest()[:16])


def compile_root(spec: ContainerSpec, storage: Storage) -> MountPlan | None:
    """What the root is; None where the host's is shared."""
    root = spec.root
    if root is None:
        return None
    if root.kind not in _ROOTS:
        raise refusal(
            f"a filesystem of type '{root.kind}' is empty at the start and cannot be the root",
            "give the root type='mount', 'template', 'file' or 'block'",
            root.location,
        )
    return _mount(root, storage)


def compile_mounts(spec: ContainerSpec, storage: Storage) -> tuple[MountPlan, ...]:
    """All but the root, in document order."""
    return tuple(_mount(each, storage) for each in spec.filesystems if each is not spec.root)


def _mount(filesystem: Filesystem, storage: Storage) -> MountPlan:
    _refuse_limits(filesystem)
    _refuse_kernel_paths(filesystem)
    line, column = place(filesystem.location)
    readonly, attributes = attributes_of(filesystem)
    is_template = filesystem.kind is FilesystemKind.TEMPLATE
    owner = _owner(filesystem)
    return MountPlan(
        source=_template(filesystem, storage) if is_template else filesystem.source,
        target=filesystem.target,
        readonly=readonly,
        size_kib=filesystem.size_kib or 0,
        line=line,
        column=column,
        kind=_KINDS[filesystem.kind],
        attributes=attributes,
        upper=storage.upper(filesystem) if is_template else "",
        owners=Owners.ONE if owner else _OWNERS[filesystem.access],
        owner=owner,
    )


def _template(filesystem: Filesystem, storage: Storage) -> str:
    if reason := valid_template_name(filesystem.source):
        raise refusal(reason, "`clochectl template list` shows them", filesystem.location)
    return storage.template(filesystem.source)


def _owner(filesystem: Filesystem) -> OneOwner | None:
    owner = filesystem.owner
    if owner is None:
        return None
    if max(owner.inside_uid, owner.inside_gid) > _MOST_INSIDE:
        raise refusal(
            f"no user or group of a container has a number above {_MOST_INSIDE}",
            "give <owner> another inside='UID:GID'",
            filesystem.location,
        )
    return OneOwner(owner.uid, owner.gid, owner.inside_uid, owner.inside_gid)


def _refuse_limits(filesystem: Filesystem) -> None:
    why = why_no_limit(filesystem)
    if why is not None:
        raise refusal(*why, filesystem.location)


def _refuse_kernel_paths(filesystem: Filesystem) -> None:
    target = filesystem.target
    if target in _KERNEL_PATHS or target.startswith(tuple(f"{path}/" for path in _KERNEL_PATHS)):
        raise refusal(
            f"nothing can be mounted on {target}: /proc and /sys are the container's own",
            "choose another target",
            filesystem.location,
        )
