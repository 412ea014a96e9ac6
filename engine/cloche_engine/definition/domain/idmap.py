"""Maps of users and groups: `start` is inside, `target` on the host."""

from __future__ import annotations

from itertools import pairwise

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.schema.domain import MAX_ID
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
    for entry, element in found:
        if max(entry.inside, entry.host) + entry.count - 1 > MAX_ID:
            report.error("idmap", element, f"the range goes beyond {MAX_ID}, the last id there is")
    _check_overlap(report, found, on_host=False)
    by_host = sorted(found, key=lambda pair: pair[0].host)
    _check_overlap(report, by_host, on_host=True)


def _check_overlap(report: Report, found: list[_Written], *, on_host: bool) -> None:
    where = "on the host" if on_host else "inside"
    for (before, first), (after, second) in pairwise(found):
        low = before.host if on_host else before.inside
        high = after.host if on_host else after.inside
        if low + before.count > high:
            line, _ = report.tree.place(first)
            reason = f"id {high} {where} is mapped twice, the other range is in line {line}"
            report.error("idmap", second, reason, "make the ranges apart")


def idmap_markup(idmap: IdMap | None) -> tuple[Markup, ...]:
    """`<idmap>` with its ranges."""
    if idmap is None:
        return ()
    ranges = [("uid", entry) for entry in idmap.uid] + [("gid", entry) for entry in idmap.gid]
    return (Markup("idmap", children=tuple(_range_markup(*pair) for pair in ranges)),)


def _range_markup(name: str, entry: IdRange) -> Markup:
    start, target, count = map(str, (entry.inside, entry.host, entry.count))
    return Markup(name, (("start", start), ("target", target), ("count", count)))
