"""`<lxc:namespace>`: namespaces that are not the container's own."""

from __future__ import annotations

import re

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.names import short, valid_integer
from cloche_engine.definition.spec import ContainerSpec, InterfaceKind, SharedNamespace
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

URI = "http://libvirt.org/schemas/domain/lxc/1.0"
ELEMENT = f"{URI} namespace"
KINDS = ("net", "ipc", "uts")
WAYS = ("netns", "name", "pid")

_EXAMPLES = {"netns": "blue, of ip netns add blue,", "pid": "1234"}
_FILE = re.compile(r"[^/\x00-\x1f\x7f]{1,255}")
_MAX_PID = 1 << 22
"""PID_MAX_LIMIT of the kernel."""


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
    elif wrong := _wrong(how, value):
        place = report.tree.attribute_place(element, "value")
        report.error(how, place, wrong, f"{_EXAMPLES[how]} is one")
    else:
        if how == "pid":
            _warn_of_process(report, element, value)
        return SharedNamespace(kind, how, value)
    return None


def _wrong(how: str, value: str) -> str | None:
    """Why a value cannot be what it is said to be; a container may have any name elsewhere."""
    if how == "pid":
        reason = valid_integer(value, 1, _MAX_PID)
        return f"a process: {reason}" if reason else None
    if how == "netns" and (not _FILE.fullmatch(value) or value in {".", ".."}):
        return f"'{short(value)}' is no name of a network namespace: it is one of a file"
    return None


def _warn_of_process(report: Report, element: Element, pid: str) -> None:
    reason = (
        f"it shares what process {pid} of the host has, which counts as root-equivalent; after the "
        "end of that one the number is another's"
    )
    hint = "name a container by type='name', or a network of ip-netns(8) by type='netns'"
    report.warning("root-equivalent", element, reason, hint)


def check_beside(report: Report, spec: ContainerSpec) -> None:
    """What of a container has no meaning, or could not be, beside what it shares."""
    element = report.tree.root.first(ELEMENT)
    if element is None:
        return
    kinds = {each.kind for each in spec.namespaces}
    if "net" in kinds and any(each.kind is not InterfaceKind.NONE for each in spec.interfaces):
        reason = "beside a network that is another's there can be no interface of its own"
        hint = "remove the interfaces, or <lxc:sharenet>"
        report.warning("contradiction", element, reason, hint)
    if "uts" in kinds and spec.hostname is not None:
        reason = "the host name is that of the namespace shared: its own has no effect"
        report.warning("no-effect", element, reason, "remove it, or <lxc:shareuts>")
    if any((each.how, each.value) == ("name", spec.name) for each in spec.namespaces):
        reason = "it cannot share a namespace with itself"
        report.warning("contradiction", element, reason, "name another container")


def namespaces_markup(namespaces: tuple[SharedNamespace, ...]) -> tuple[Markup, ...]:
    """`<lxc:namespace>`, its prefix declared on it."""
    if not namespaces:
        return ()
    children = tuple(
        Markup(f"lxc:share{entry.kind}", (("type", entry.how), ("value", entry.value)))
        for entry in namespaces
    )
    return (Markup("lxc:namespace", (("xmlns:lxc", URI),), children=children),)
