"""New elements for mounts."""

from __future__ import annotations

from cloche_engine.definition.container.filesystems import HARD_LIMIT, SOFT_LIMIT, SOURCE_ATTRIBUTES
from cloche_engine.definition.spec import Filesystem, FilesystemKind
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
    )
    if nested:
        return Markup("mount", children=children)
    return Markup("filesystem", (("type", str(filesystem.kind)),), children=children)


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
