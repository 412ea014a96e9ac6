"""New elements for mounts."""

from __future__ import annotations

from cloche_engine.definition.container.filesystems import HARD_LIMIT, SOFT_LIMIT, SOURCE_ATTRIBUTES
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Owner
from cloche_engine.definition.text.markup import Markup


def filesystem_markup(filesystem: Filesystem, *, nested: bool = False) -> Markup:
    """A mount as an element, typed or for the RFC's list."""
    is_ram = filesystem.kind is FilesystemKind.RAM
    children = (
        source_markup(filesystem),
        Markup("target", (("dir", filesystem.target),)),
        *((Markup("readonly"),) if filesystem.readonly else ()),
        *space_markup(HARD_LIMIT, None if is_ram else filesystem.size_kib),
        *space_markup(SOFT_LIMIT, filesystem.soft_kib),
        *(Markup("option", text=option) for option in filesystem.options),
        *owner_markup(filesystem.owner),
    )
    if nested:
        return Markup("mount", children=children)
    access = filesystem.access.value if filesystem.access else None
    attributes = (("type", str(filesystem.kind)), ("accessmode", access))
    return Markup("filesystem", attributes, children=children)


def owner_markup(owner: Owner | None) -> tuple[Markup, ...]:
    """Whose files belong to somebody inside."""
    if owner is None:
        return ()
    inside = f"{owner.inside_uid}:{owner.inside_gid}"
    host = (("uid", str(owner.uid)), ("gid", str(owner.gid)))
    return (Markup("owner", (*host, ("inside", inside))),)


def space_markup(name: str, kib: int | None) -> tuple[Markup, ...]:
    """A limit of space, none where there is none."""
    return () if kib is None else (Markup(name, (("unit", "KiB"),), str(kib)),)


def text_markup(filesystem: Filesystem) -> Markup:
    """A `<mount>` as the first revision has it."""
    return Markup("mount", text=f"{filesystem.target} = {filesystem.source}")


def source_markup(filesystem: Filesystem) -> Markup:
    """Its `<source>`."""
    name = SOURCE_ATTRIBUTES[filesystem.kind]
    if filesystem.kind is FilesystemKind.RAM:
        size = None if filesystem.size_kib is None else str(filesystem.size_kib)
        return Markup("source", ((name, size), ("unit", "KiB")))
    return Markup("source", ((name, filesystem.source),))
