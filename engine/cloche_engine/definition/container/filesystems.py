"""Reads the mounts of a container: typed, nested, untyped like libvirt's, or as the first text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from cloche_engine.definition import names, units
from cloche_engine.definition.container import homes
from cloche_engine.definition.spec import Access, Filesystem, FilesystemKind, Owner
from cloche_engine.definition.text.tree import Element

SOURCE_ATTRIBUTES = {
    FilesystemKind.MOUNT: "dir",
    FilesystemKind.TEMPLATE: "name",
    FilesystemKind.BLOCK: "dev",
    FilesystemKind.FILE: "file",
    FilesystemKind.RAM: "usage",
    FilesystemKind.BIND: "dir",
}
"""Which attribute of `<source>` says what is mounted."""

HARD_LIMIT, SOFT_LIMIT = "space_hard_limit", "space_soft_limit"

MAX_LINES = 1000
"""As many mounts as one text may name."""

_ACCESS = {access.value: access for access in Access}
_KINDS = {kind.value: kind for kind in FilesystemKind}


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount and the element behind it: `<mount>` in the nested form, else `<filesystem>`.

    text is the line `TARGET = SOURCE` of the RFC's first revision, None in every later form.
    """

    element: Element
    filesystem: Filesystem
    text: str | None = None

    @property
    def is_nested(self) -> bool:
        """Whether it stands in the RFC's list."""
        return self.element.name == "mount"


def mounts(root: Element) -> list[Mount]:
    """All mounts in document order, as they are written, right or wrong."""
    found: list[Mount] = []
    for element in homes.filesystems(root):
        nested = element.all("mount")
        if nested:
            found += [_nested(mount) for mount in nested]
        elif is_single(element):
            found.append(Mount(element, _read(element, kind_of(element))))
        else:
            found += [_written(element, line) for line in text_lines(element)]
    return found


def _nested(element: Element) -> Mount:
    if is_text(element):
        return _written(element, element.text.strip())
    return Mount(element, _read(element, FilesystemKind.MOUNT))


def _written(element: Element, line: str) -> Mount:
    target, source = split_line(line) or ("", "")
    return Mount(element, Filesystem(FilesystemKind.MOUNT, source, _normal(target)), line)


def is_text(mount: Element) -> bool:
    """Whether a `<mount>` is written as in the first revision."""
    return not mount.children and bool(mount.text.strip())


def text_lines(filesystem: Element) -> list[str]:
    """The mounts that a `<filesystem>` names as text, one a line."""
    if filesystem.children or "type" in filesystem.attributes:
        return []
    lines = (line.strip() for line in filesystem.text.splitlines() if line.strip())
    return list(islice(lines, MAX_LINES))


def split_line(line: str) -> tuple[str, str] | None:
    """Target and source of `TARGET = SOURCE`; None where it cannot be told which is which."""
    parts = line.split("=")
    at = [n for n in range(1, len(parts)) if _is_spaced(parts[n - 1], parts[n])]
    at = at or list(range(1, len(parts)))
    if len(at) != 1:
        return None
    return "=".join(parts[: at[0]]).strip(), "=".join(parts[at[0] :]).strip()


def _is_spaced(before: str, behind: str) -> bool:
    return before[-1:].isspace() and behind[:1].isspace()


def kind_of(element: Element) -> FilesystemKind:
    """The kind of a single `<filesystem>`; without a type its children decide."""
    named = _KINDS.get(element.attributes.get("type", ""))
    if named is not None:
        return named
    return FilesystemKind.TEMPLATE if element.first("template") else FilesystemKind.MOUNT


def size_unit(source: Element) -> str:
    """The unit of a size in memory, KiB where none is written."""
    return source.attributes.get("unit", source.attributes.get("units", "KiB")).strip()


def space_unit(limit: Element) -> str:
    """The unit of a limit of space, bytes where none is written."""
    return limit.attributes.get("unit", "bytes").strip()


def is_single(element: Element) -> bool:
    """Whether a `<filesystem>` is one mount, not a list of them."""
    return "type" in element.attributes or any(
        child.name in {"source", "target", "template"} for child in element.children
    )


def _read(element: Element, kind: FilesystemKind) -> Filesystem:
    source = element.first("source")
    target = element.first("target")
    where = target.attributes.get("dir", "").strip() if target else ""
    if kind is FilesystemKind.TEMPLATE and target is None:
        where = "/"
    is_ram = kind is FilesystemKind.RAM
    options = (option.text.strip() for option in element.all("option"))
    return Filesystem(
        kind,
        _source(element, source, kind),
        _normal(where),
        element.first("readonly") is not None,
        _size(source) if is_ram else space(element, HARD_LIMIT),
        space(element, SOFT_LIMIT),
        tuple(filter(None, options)),
        _ACCESS.get(element.attributes.get("accessmode", "")),
        owner_of(element),
    )


def owner_of(element: Element) -> Owner | None:
    """Whose files belong to somebody inside; None where nobody's do, or it cannot be read."""
    written = element.first("owner")
    if written is None:
        return None
    inside = written.attributes.get("inside", "0:0").strip()
    uid, _, gid = inside.partition(":")
    host = (written.attributes.get(name, "").strip() for name in ("uid", "gid"))
    numbers = [_id(text) for text in (*host, uid, gid or uid)]
    if any(number is None for number in numbers):
        return None
    return Owner(*(number or 0 for number in numbers))


def _id(text: str) -> int | None:
    """The number of a user or group; the highest one means nobody (credentials(7))."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        return None
    return int(text) if int(text) < 2**32 - 1 else None


def _normal(path: str) -> str:
    return names.normal_path(path) if path.startswith("/") else path


def _source(element: Element, source: Element | None, kind: FilesystemKind) -> str:
    if kind is FilesystemKind.RAM:
        return ""
    template = element.first("template")
    if kind is FilesystemKind.TEMPLATE and template is not None:
        return template.text.strip()
    return source.attributes.get(SOURCE_ATTRIBUTES[kind], "").strip() if source else ""


def _size(source: Element | None) -> int | None:
    if source is None:
        return None
    return units.to_kib(source.attributes.get("usage", "").strip(), size_unit(source))


def space(element: Element, name: str) -> int | None:
    """A limit of space in KiB; None where there is none or it cannot be read."""
    limit = element.first(name)
    return None if limit is None else units.to_kib(limit.text.strip(), space_unit(limit))


def plain_filesystem(filesystem: Filesystem) -> Filesystem:
    """A mount as a document gives it back: target normalised, no place."""
    return replace(filesystem, target=_normal(filesystem.target), location=None)
