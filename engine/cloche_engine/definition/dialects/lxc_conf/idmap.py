"""The maps of user and group ids, in LXC's order of columns and in that of libvirt's reader.

LXC writes `u INSIDE HOST COUNT`. libvirt reads the same line as `u HOST INSIDE COUNT`, and files
were written for it. Root must be mapped, so the column that has a zero is the one of the container.
"""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.checking.id_ranges import check_ranges
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.spec import IdMap, IdRange

KEY = "lxc.idmap"
SWAP_COLUMNS = "swap-columns"

_LINE = re.compile(r"([ug])[ \t]+([0-9]{1,10})[ \t]+([0-9]{1,10})[ \t]+([0-9]{1,10})")
_Rows = list[tuple[Entry, tuple[int, int, int]]]


def read_idmap(lookup: Lookup) -> IdMap | None:
    """Both maps, sorted by the id inside; None where there is none or it cannot be read."""
    rows: dict[str, _Rows] = {"u": [], "g": []}
    is_whole = True
    for entry in lookup.all(KEY):
        found = _LINE.fullmatch(entry.value)
        if found is None:
            reason = f"'{names.short(entry.value)}' is no map of ids"
            hint = "write u INSIDE HOST COUNT, as u 0 100000 65536"
            lookup.findings.error("idmap", entry, reason, hint)
            is_whole = False
        else:
            rows[found[1]].append((entry, (int(found[2]), int(found[3]), int(found[4]))))
    for kind in "ug":
        _check_counts(lookup, rows[kind])
    if is_whole and (rows["u"] or rows["g"]):
        return _read(lookup, rows)
    return None


def _read(lookup: Lookup, rows: dict[str, _Rows]) -> IdMap | None:
    swapped = {kind: _is_swapped(lookup, kind, rows[kind]) for kind in "ug"}
    if None in swapped.values():
        return None
    if swapped["u"] != swapped["g"]:
        entry = rows["g"][0][0]
        reason = "the lines for users and for groups have their columns in different orders"
        lookup.findings.error("idmap", entry, reason, "write u INSIDE HOST COUNT, and g likewise")
        return None
    if swapped["u"]:
        _warn_swapped(lookup, [*rows["u"], *rows["g"]])
    maps: list[tuple[IdRange, ...]] = []
    for kind in "ug":
        ranges = [(entry, _range(row, swapped["u"] is True)) for entry, row in rows[kind]]
        check_ranges(lookup.findings, ranges)
        _warn_root(lookup, ranges)
        maps.append(tuple(sorted((part for _, part in ranges), key=lambda part: part.inside)))
    return IdMap(maps[0], maps[1])


def _is_swapped(lookup: Lookup, kind: str, rows: _Rows) -> bool | None:
    """Whether the host's ids stand first; None where nobody can tell."""
    if not rows:
        other = {"u": "users", "g": "groups"}[kind]
        entry = lookup.all(KEY)[0]
        reason = f"no ids of {other} are mapped; both kinds have to be"
        lookup.findings.error("idmap", entry, reason, f"add lxc.idmap = {kind} 0 100000 65536")
        return None
    if any(row[0] == 0 for _, row in rows):
        return False
    if any(row[1] == 0 for _, row in rows):
        return True
    reason = "root of the container (id 0) is not mapped, so nothing could run as root there"
    lookup.findings.error("idmap", rows[0][0], reason, f"let one line begin {kind} 0")
    return None


def _range(row: tuple[int, int, int], swapped: bool) -> IdRange:
    first, second, count = row
    return IdRange(second, first, count) if swapped else IdRange(first, second, count)


def _warn_swapped(lookup: Lookup, rows: _Rows) -> None:
    edits: list[TextEdit] = []
    for entry, (first, second, count) in rows:
        edits.append(entry.rewritten(f"{entry.value[0]} {second} {first} {count}"))
    lookup.findings.warning(
        "idmap",
        rows[0][0],
        "the host's ids stand first, the order of libvirt's reader: LXC itself would give root of "
        "this host to the container",
        "write u INSIDE HOST COUNT, the order of LXC",
        Fix(SWAP_COLUMNS, "write the container's ids first in every line", tuple(edits)),
    )


def _check_counts(lookup: Lookup, rows: _Rows) -> None:
    for entry, (_, _, count) in rows:
        if count == 0:
            hint = "the last number is how many"
            lookup.findings.error("idmap", entry, "the range has no ids", hint)


def _warn_root(lookup: Lookup, ranges: list[tuple[Entry, IdRange]]) -> None:
    for entry, part in ranges:
        if part.host == 0:
            reason = "an id of the container is root of this host"
            lookup.findings.warning("privileged", entry, reason, "map ids from 100000 on")
