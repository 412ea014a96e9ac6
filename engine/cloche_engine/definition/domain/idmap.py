"""Maps of users and groups: `start` is inside, `target` on the host."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking.id_ranges import check_ranges
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.spec import IdMap, IdRange
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

_HINT = "libvirt's order is start='FIRST INSIDE' target='FIRST ON THE HOST' count='HOW MANY'"

_Written = tuple[IdRange, Element]


def read_idmap(report: Report, root: Element) -> IdMap | None:
    """`<idmap>` below root, sorted by the ids inside; root has to be mapped, users and groups."""
    element = root.first("idmap")
    if element is None:
        return None
    uid, gid = (_ranges(element, name) for name in ("uid", "gid"))
    written = {child.name for child in element.children}
    for name in ("uid", "gid"):
        if name not in written:
            reason = f"<idmap> has no <{name}>: users and groups are mapped together or not at all"
            report.error("idmap", element, reason, f"add <{name} start='0' target=... count=.../>")
    for found in (uid, gid):
        _check(report, found)
    return IdMap(tuple(entry for entry, _ in uid), tuple(entry for entry, _ in gid))


def _ranges(idmap: Element, name: str) -> list[_Written]:
    read = ((_range(element), element) for element in idmap.all(name))
    found = [(entry, element) for entry, element in read if entry is not None]
    return sorted(found, key=lambda pair: pair[0].inside)


def _range(element: Element) -> IdRange | None:
    values = [_number(element, name) for name in ("start", "target", "count")]
    inside, host, count = values
    if inside is None or host is None or count is None:
        return None
    return IdRange(inside, host, count)


def _number(element: Element, name: str) -> int | None:
    return names.parse_integer(element.attributes.get(name, "").strip())


def _check(report: Report, found: list[_Written]) -> None:
    if found and found[0][0].inside != 0:
        entry, element = found[0]
        reason = f"id 0 inside is not mapped: the first range starts at {entry.inside}"
        report.error("idmap", element, reason, _HINT)
    check_ranges(report, [(element, entry) for entry, element in found])


def idmap_markup(idmap: IdMap | None) -> tuple[Markup, ...]:
    """`<idmap>` with its ranges."""
    if idmap is None:
        return ()
    ranges = [("uid", entry) for entry in idmap.uid] + [("gid", entry) for entry in idmap.gid]
    return (Markup("idmap", children=tuple(_range_markup(*pair) for pair in ranges)),)


def _range_markup(name: str, entry: IdRange) -> Markup:
    start, target, count = map(str, (entry.inside, entry.host, entry.count))
    return Markup(name, (("start", start), ("target", target), ("count", count)))
