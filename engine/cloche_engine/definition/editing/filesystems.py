"""Changes the list of mounts; each keeps the form that it has, a new one takes its neighbour's."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from cloche_engine.definition import units
from cloche_engine.definition.container.filesystem_markup import (
    filesystem_markup,
    owner_markup,
    source_markup,
    space_markup,
    text_markup,
)
from cloche_engine.definition.container.filesystems import (
    HARD_LIMIT,
    SOFT_LIMIT,
    Mount,
    mounts,
    plain_filesystem,
    size_unit,
    space_unit,
    split_line,
)
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.siblings import container_of, edited
from cloche_engine.definition.spec import Filesystem, FilesystemKind
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.sequence import Edits, change
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element, Span


def set_filesystems(document: Document, filesystems: tuple[Filesystem, ...]) -> Document:
    """All mounts in order; those that stay, or only move, keep their bytes."""
    wanted = [plain_filesystem(filesystem) for filesystem in filesystems]
    return edited(document, lambda splicer: _Mounts(splicer).set(wanted))


class _Mounts:
    """The mounts of a document under edit."""

    def __init__(self, splicer: Splicer) -> None:
        self.splicer = splicer
        self.moved: dict[Filesystem, tuple[bool, bytes]] = {}

    def set(self, wanted: list[Filesystem]) -> None:
        present = self.now()
        if wanted == [mount.filesystem for mount in present]:
            return
        self._open_texts()
        present = self.now()
        self.moved = {m.filesystem: (m.is_nested, self.splicer.raw(m.element)) for m in present}
        change(
            [mount.filesystem for mount in present],
            wanted,
            Edits(self.update, self.insert, lambda at: self.splicer.remove(self.now()[at].element)),
        )

    def now(self) -> list[Mount]:
        return mounts(self.splicer.root)

    def _open_texts(self) -> None:
        """Of a `<filesystem>` that names several mounts as text each gets an element."""
        texts = [mount for mount in self.now() if mount.text is not None and not mount.is_nested]
        groups = [list(found) for _, found in groupby(texts, lambda mount: mount.element)]
        for group in reversed(groups):
            children = tuple(text_markup(mount.filesystem) for mount in group)
            markup = Markup("filesystem", children=children)
            self.splicer.replace_element(group[0].element, markup)

    def markup(self, filesystem: Filesystem, *, nested: bool) -> Markup | bytes:
        """The bytes that it has elsewhere in the document in the same form, otherwise new ones."""
        was_nested, raw = self.moved.get(filesystem, (not nested, b""))
        return raw if was_nested == nested else filesystem_markup(filesystem, nested=nested)

    def update(self, at: int, wanted: Filesystem) -> None:
        mount = self.now()[at]
        if mount.text is not None and _fits_text(wanted):
            self.splicer.set_text(mount.element, text_markup(wanted).text or "")
        elif mount.text is None and wanted.kind is mount.filesystem.kind and self._is_new(wanted):
            self._update_parts(at, wanted)
        elif not mount.is_nested or wanted.kind is FilesystemKind.MOUNT:
            markup = self.markup(wanted, nested=mount.is_nested)
            self.splicer.replace_element(mount.element, markup)
        else:
            self.insert(at + 1, wanted)
            self.splicer.remove(self.now()[at].element)

    def _is_new(self, wanted: Filesystem) -> bool:
        return wanted not in self.moved

    def insert(self, at: int, wanted: Filesystem) -> None:
        present = self.now()
        before = present[at - 1] if at > 0 else None
        behind = present[at] if at < len(present) else None
        near = before or behind
        if near is None:
            self._insert_first(wanted)
        elif wanted.kind is FilesystemKind.MOUNT and self._nested(before, behind):
            self._insert_nested(before, behind, wanted)
        elif _share_list(before, behind):
            self._split(before, wanted)
        elif before is not None:
            markup = self.markup(wanted, nested=False)
            self.splicer.add_after(_filesystem(before), markup)
        else:
            self.splicer.add_before(_filesystem(near), self.markup(wanted, nested=False))

    def _nested(self, before: Mount | None, behind: Mount | None) -> bool:
        near = before or behind
        return near is not None and near.is_nested

    def _insert_nested(
        self, before: Mount | None, behind: Mount | None, wanted: Filesystem
    ) -> None:
        near = before or behind
        markup = self.markup(wanted, nested=True)
        if near is not None and near.text is not None and _fits_text(wanted):
            markup = text_markup(wanted)
        if before is not None:
            self.splicer.add_after(before.element, markup)
        elif behind is not None:
            self.splicer.add_before(behind.element, markup)

    def _insert_first(self, wanted: Filesystem) -> None:
        container = self.splicer.container or self.splicer.root.first("devices")
        container = container or container_of(self.splicer)
        lists = [e for e in container.all("filesystem") if not e.children and not e.attributes]
        if lists and wanted.kind is FilesystemKind.MOUNT:
            self.splicer.add_first(lists[0], filesystem_markup(wanted, nested=True))
        else:
            self.splicer.add(container, filesystem_markup(wanted))

    def _split(self, before: Mount | None, wanted: Filesystem) -> None:
        """Close the RFC's list behind `before`, put the typed one there and open the list again."""
        if before is None:
            return
        outer = _filesystem(before)
        indent, layout = self.splicer.indent(outer), self.splicer.layout(outer)
        inline = indent is None or layout.inline
        line = "" if inline else layout.newline + (indent or "")
        layout = replace(layout, inline=inline)
        typed = filesystem_markup(wanted).render(layout, indent or "")
        at = before.element.end
        self.splicer.replace(Span(at, at), f"{line}</filesystem>{line}{typed}{line}<filesystem>")

    def _update_parts(self, at: int, wanted: Filesystem) -> None:
        if self.now()[at].filesystem.target != wanted.target:
            self._set_child(at, "target", Markup("target", (("dir", wanted.target),)))
        is_ram = wanted.kind is FilesystemKind.RAM
        if is_ram:
            self._update_size(at, wanted)
        elif self.now()[at].filesystem.source != wanted.source:
            self._update_source(at, wanted)
        self._set_space(at, HARD_LIMIT, None if is_ram else wanted.size_kib)
        self._set_space(at, SOFT_LIMIT, wanted.soft_kib)
        self._set_options(at, wanted)
        self._set_owners(at, wanted)
        readonly = self.now()[at].element.first("readonly")
        if wanted.readonly and readonly is None:
            self.splicer.add(self.now()[at].element, Markup("readonly"))
        elif readonly is not None and not wanted.readonly:
            self.splicer.remove(readonly)

    def _update_source(self, at: int, wanted: Filesystem) -> None:
        template = self.now()[at].element.first("template")
        if wanted.kind is FilesystemKind.TEMPLATE and template is not None:
            self.splicer.set_text(template, wanted.source)
        else:
            self._set_child(at, "source", source_markup(wanted))

    def _update_size(self, at: int, wanted: Filesystem) -> None:
        source = self.now()[at].element.first("source")
        if self.now()[at].filesystem.size_kib == wanted.size_kib:
            return
        written = None
        if source is not None and wanted.size_kib is not None:
            written = units.from_kib(wanted.size_kib, size_unit(source))
        if written is not None and source is not None:
            self.splicer.set_attribute(source, "usage", written)
        elif source is not None:
            self.splicer.replace_element(source, source_markup(wanted))
        else:
            self.splicer.add(self.now()[at].element, source_markup(wanted))

    def _set_space(self, at: int, name: str, kib: int | None) -> None:
        """A limit of space; the unit written stays where the size is whole in it."""
        element = self.now()[at].element
        limit = element.first(name)
        unit = space_unit(limit) if limit is not None else ""
        if limit is None:
            for markup in space_markup(name, kib):
                self.splicer.add(element, markup)
        elif kib is None:
            self.splicer.remove(limit)
        elif units.to_kib(limit.text.strip(), unit) != kib:
            written = units.from_kib(kib, unit)
            if written is not None:
                self.splicer.set_text(limit, written)
            else:
                self.splicer.replace_element(limit, space_markup(name, kib)[0])

    def _set_options(self, at: int, wanted: Filesystem) -> None:
        if self.now()[at].filesystem.options == wanted.options:
            return
        while (option := self.now()[at].element.first("option")) is not None:
            self.splicer.remove(option)
        for text in wanted.options:
            self.splicer.add(self.now()[at].element, Markup("option", text=text))

    def _set_owners(self, at: int, wanted: Filesystem) -> None:
        present = self.now()[at].filesystem
        if present.access is not wanted.access:
            access = wanted.access.value if wanted.access else None
            self.splicer.set_attribute(self.now()[at].element, "accessmode", access)
        if present.owner == wanted.owner:
            return
        written = self.now()[at].element.first("owner")
        if written is not None:
            self.splicer.remove(written)
        for markup in owner_markup(wanted.owner):
            self.splicer.add(self.now()[at].element, markup)

    def _set_child(self, at: int, name: str, markup: Markup) -> None:
        """The one attribute of a child, added with the child where it is missing."""
        mount = self.now()[at].element
        child = mount.first(name)
        if child is None:
            self.splicer.add(mount, markup)
        else:
            attribute, value = markup.attributes[0]
            self.splicer.set_attribute(child, attribute, value)


def _filesystem(mount: Mount) -> Element:
    above = mount.element.parent
    return above if mount.is_nested and above is not None else mount.element


def _share_list(before: Mount | None, behind: Mount | None) -> bool:
    return (
        before is not None
        and behind is not None
        and before.is_nested
        and before.element.parent is behind.element.parent
    )


def _fits_text(filesystem: Filesystem) -> bool:
    """Whether the first revision's text can say all of a mount."""
    source, target = filesystem.source, filesystem.target
    plain = Filesystem(FilesystemKind.MOUNT, source, target)
    return filesystem == plain and split_line(f"{target} = {source}") == (target, source)
