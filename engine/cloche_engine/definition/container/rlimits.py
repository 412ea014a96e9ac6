"""Limits of each process: `<rlimit name='nofile' soft='1024' hard='524288'/>`."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.spec import Rlimit
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

UNLIMITED = "unlimited"
_MOST = 2**63 - 1


def read_rlimits(report: Report, root: Element) -> tuple[Rlimit, ...]:
    """Those in `<container>`, in their order; each may stand there once."""
    container = root.first("container")
    found: dict[str, Rlimit] = {}
    for element in container.all("rlimit") if container is not None else ():
        name = element.attributes.get("name", "").strip()
        if name in found:
            reason = f"the limit {names.short(name)} stands here a second time"
            fix = fixes.remove_element(report.tree, element)
            report.error("duplicate", element, reason, "keep one of them", fix)
        elif (limit := _read(report, element, name)) is not None:
            found[name] = limit
    return tuple(found.values())


def _read(report: Report, element: Element, name: str) -> Rlimit | None:
    said = [key for key in ("soft", "hard") if key in element.attributes]
    if not name or "hard" not in said or not all(_is_valid(report, element, key) for key in said):
        return None
    soft, hard = (_number(element.attributes.get(key, "")) for key in (said[0], "hard"))
    if hard is not None and (soft is None or soft > hard):
        place = report.tree.attribute_place(element, "soft")
        report.error("rlimit", place, f"{name}: soft is above hard", f"at most {hard}")
        return None
    return Rlimit(name, soft, hard)


def _is_valid(report: Report, element: Element, key: str) -> bool:
    text = element.attributes[key].strip()
    reason = None if text == UNLIMITED else names.valid_integer(text, 0, _MOST)
    if reason:
        place = report.tree.attribute_place(element, key)
        report.error("rlimit", place, f"{key}: {reason}", f"a number, or {UNLIMITED}")
    return reason is None


def _number(text: str) -> int | None:
    return None if text.strip() == UNLIMITED else int(text)


def rlimit_markup(limit: Rlimit) -> Markup:
    """The element that says it."""
    soft, hard = (UNLIMITED if each is None else str(each) for each in (limit.soft, limit.hard))
    return Markup("rlimit", (("name", limit.name), ("soft", soft), ("hard", hard)))
