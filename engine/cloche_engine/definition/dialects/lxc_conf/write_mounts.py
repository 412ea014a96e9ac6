"""Root and mounts as LXC writes them; mount points are made where they are missing."""

from __future__ import annotations

from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.dialects.lxc_conf.mounts import ENTRY, ROOT, TYPE_OPTION, USUAL_TYPE
from cloche_engine.definition.dialects.lxc_conf.text import assignment, escaped
from cloche_engine.definition.spec import ContainerSpec, Filesystem, FilesystemKind

_ROOTS = {FilesystemKind.MOUNT: "dir:", FilesystemKind.BLOCK: "", FilesystemKind.FILE: "loop:"}


def filesystems(spec: ContainerSpec) -> Iterator[str | None]:
    """The root, then each mount in order."""
    root = spec.root
    path = _root(root) if root is not None else None
    if root is None or path is None:
        yield "# Without lxc.rootfs.path LXC shares the root of this host, writable: name one."
    else:
        yield path
        options = _options(root)
        if options:
            yield assignment("lxc.rootfs.options", ",".join(options))
    for entry in spec.filesystems:
        if entry is not root:
            yield from _entry(entry)


def _root(root: Filesystem) -> str | None:
    prefix = _ROOTS.get(root.kind)
    return None if prefix is None else assignment(ROOT, prefix + root.source)


def _entry(entry: Filesystem) -> Iterator[str | None]:
    fields = _fields(entry)
    if fields is None:
        return
    source, kind, options = fields
    if entry.kind is FilesystemKind.BLOCK and not _type(entry):
        yield f"# The type of the file system on {names.short(source)} is not known: {kind}?"
    target = escaped(entry.target.lstrip("/")) or "."
    if not any(option.startswith("create=") for option in options):
        options.append("create=dir")
    yield assignment(ENTRY, f"{escaped(source)} {target} {kind} {','.join(options)} 0 0")


def _fields(entry: Filesystem) -> tuple[str, str, list[str]] | None:
    """Source, type and options; None for what cannot be mounted so."""
    options = _options(entry)
    if entry.kind is FilesystemKind.RAM:
        size = entry.size_kib
        return None if size is None else ("tmpfs", "tmpfs", [f"size={size}k", *options])
    if entry.kind is FilesystemKind.BLOCK:
        return entry.source, _type(entry) or USUAL_TYPE, options or ["defaults"]
    bound = options if "rbind" in options else ["bind", *options]
    if entry.kind is FilesystemKind.BIND:
        return entry.source.lstrip("/"), "none", ["relative", *bound]
    return (entry.source, "none", bound) if entry.kind is FilesystemKind.MOUNT else None


def _type(entry: Filesystem) -> str:
    named = (option for option in entry.options if option.startswith(TYPE_OPTION))
    return next(named, "").removeprefix(TYPE_OPTION)


def _options(entry: Filesystem) -> list[str]:
    """`ro` and those that one word can say."""
    plain = [
        option
        for option in entry.options
        if option and not option.startswith(TYPE_OPTION) and not set(option) & set(", \t\\\n")
    ]
    return ["ro", *plain] if entry.readonly else plain
