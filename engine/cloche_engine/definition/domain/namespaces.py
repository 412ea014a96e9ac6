"""`<lxc:namespace>`: namespaces that are not the container's own."""

from __future__ import annotations

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.names import short
from cloche_engine.definition.spec import SharedNamespace
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

URI = "http://libvirt.org/schemas/domain/lxc/1.0"
ELEMENT = f"{URI} namespace"
KINDS = ("net", "ipc", "uts")
WAYS = ("netns", "name", "pid")


def read_namespaces(report: Report, root: Element) -> tuple[SharedNamespace, ...]:
    """The shared namespaces named below root, in document order."""
    element = root.first(ELEMENT)
    found: dict[str, SharedNamespace] = {}
    for child in element.children if element is not None else ():
        kind = child.name.removeprefix(f"{URI} share")
        if kind not in KINDS:
            name = short(child.name.rpartition(" ")[2])
            reason = f"<{name}> is no namespace that can be shared; it counts as root-equivalent"
            report.warning("unknown-element", child, reason, "possible: sharenet shareipc shareuts")
        elif kind in found:
            reason = f"the namespace of kind {kind} is named a second time"
            report.error("duplicate", child, reason, "keep the one that is meant")
        elif shared := _shared(report, child, kind):
            found[kind] = shared
    return tuple(found.values())


def _shared(report: Report, element: Element, kind: str) -> SharedNamespace | None:
    how, value = (element.attributes.get(name, "").strip() for name in ("type", "value"))
    if not value:
        report.error("missing", element, f"<share{kind}> has no attribute value", "name it")
    elif how not in WAYS or (how == "netns" and kind != "net"):
        reason = f"type='{short(how)}' of <share{kind}> is not possible here"
        ways = WAYS if kind == "net" else WAYS[1:]
        place = report.tree.attribute_place(element, "type")
        report.error("type", place, reason, "possible: " + ", ".join(ways))
    else:
        return SharedNamespace(kind, how, value)
    return None


def namespaces_markup(namespaces: tuple[SharedNamespace, ...]) -> tuple[Markup, ...]:
    """`<lxc:namespace>`, its prefix declared on it."""
    if not namespaces:
        return ()
    children = tuple(
        Markup(f"lxc:share{entry.kind}", (("type", entry.how), ("value", entry.value)))
        for entry in namespaces
    )
    return (Markup("lxc:namespace", (("xmlns:lxc", URI),), children=children),)
