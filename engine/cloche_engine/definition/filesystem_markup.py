"""New elements for mounts."""

from __future__ import annotations

from cloche_engine.definition.filesystems import SOURCE_ATTRIBUTES
from cloche_engine.definition.spec import Filesystem, FilesystemKind
from cloche_engine.definition.text.markup import Markup


def filesystem_markup(filesystem: Filesystem, *, nested: bool = False) -> Markup:
    """A mount as an element, typed or for the RFC's list."""
    readonly = (Markup("readonly"),) if filesystem.readonly else ()
    target = Markup("target", (("dir", filesystem.target),))
    children = (source_markup(filesystem), target, *readonly)
    if nested:
        return Markup("mount", children=children)
    return Markup("filesystem", (("type", str(filesystem.kind)),), children=children)


def source_markup(filesystem: Filesystem) -> Markup:
    """Its `<source>`."""
    name = SOURCE_ATTRIBUTES[filesystem.kind]
    if filesystem.kind is FilesystemKind.RAM:
        size = None if filesystem.size_kib is None else str(filesystem.size_kib)
        return Markup("source", ((name, size), ("unit", "KiB")))
    return Markup("source", ((name, filesystem.source),))
