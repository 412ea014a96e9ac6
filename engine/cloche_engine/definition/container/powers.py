"""What of a definition makes root of the container, with a user of the host, root of the host."""

from __future__ import annotations

from cloche_engine.definition.spec import Access, ContainerSpec, Filesystem, FilesystemKind

_OF_THE_HOST = {FilesystemKind.MOUNT, FilesystemKind.BLOCK, FilesystemKind.FILE}


def grants_root(filesystem: Filesystem) -> bool:
    """Whether a set-user-id program that root leaves there is one of root's on the host too.

    A user of the host who reaches the folder can run it, whatever the mount inside forbids.
    """
    if filesystem.kind not in _OF_THE_HOST or filesystem.readonly:
        return False
    if filesystem.owner is not None:
        return filesystem.owner.uid == 0
    return filesystem.access is not Access.MAPPED


def root_equivalent(spec: ContainerSpec) -> tuple[Filesystem, ...]:
    """The mounts by which a container is worth root: to be treated so wherever it is asked for."""
    return tuple(filter(grants_root, spec.filesystems))
