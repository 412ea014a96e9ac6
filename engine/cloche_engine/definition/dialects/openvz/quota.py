"""`<quota>` in its two spellings: by level in early 2008, by type in July 2008."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.text.tree import Element
from cloche_engine.definition.units import UNLIMITED_KIB


def read_quota(report: Report, filesystem: Element) -> int | None:
    """The most space that the quotas of a filesystem allow, in KiB."""
    spaces: list[Element] = []
    others: list[Element] = []
    for element in filesystem.all("quota"):
        (spaces if _is_space(element) else others).append(element)
    for element in others:
        reason = "a quota of a single user or of inodes has no counterpart; it is kept"
        report.warning("quota", element, reason)
    for element in spaces[1:]:
        line, _ = report.tree.place(spaces[0])
        reason = f"a second quota of the space, the first is in line {line}"
        report.error("duplicate", element, reason, "keep the one that is meant")
    return _blocks(report, spaces[0]) if spaces else None


def _is_space(element: Element) -> bool:
    level = element.attributes.get("level", "vm").strip()
    return level == "vm" and element.attributes.get("type", "size").strip() == "size"


def _blocks(report: Report, element: Element) -> int | None:
    """The number of blocks of 1 KiB, as attribute or as text; 0 is no limit."""
    text = element.attributes.get("max", element.text).strip()
    if reason := names.valid_integer(text, 0, UNLIMITED_KIB):
        reason = f"<quota>: {reason}"
        report.error("quota", report.tree.text_place(element), reason, "count blocks of 1 KiB")
        return None
    return names.parse_integer(text) or None


def kept_quotas(root: Element) -> list[Element]:
    """The quotas below root that are kept as they are: of single users and of inodes."""
    places = [root.first("container"), root.first("devices")]
    filesystems = [child for place in places if place for child in place.all("filesystem")]
    quotas = [quota for filesystem in filesystems for quota in filesystem.all("quota")]
    return [quota for quota in quotas if not _is_space(quota)]
