"""`<lxc:namespace>`: namespaces that are not the container's own."""

from __future__ import annotations

import re

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.names import short, valid_integer
from cloche_engine.definition.schema.sharing import NAMESPACE, PREFIX, URI, WAYS
from cloche_engine.definition.spec import ContainerSpec, InterfaceKind, SharedNamespace
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

_EXAMPLES = {"netns": "blue, of ip netns add blue,", "pid": "1234", "name": "web"}
_FILE = re.compile(r"[^/\x00-\x1f\x7f]{1,255}")
_MAX_PID = 1 << 22
"""PID_MAX_LIMIT of the kernel."""


def read_namespaces(report: Report, root: Element) -> tuple[SharedNamespace, ...]:
    """The shared namespaces named below root, in document order."""
    element = root.first(NAMESPACE)
    found: dict[str, SharedNamespace] = {}
    for child in element.children if element is not None else ():
        kind = child.name.removeprefix(f"{URI} share")
        if kind in WAYS and (shared := _shared(report, child, kind)):
            found.setdefault(kind, shared)
    return tuple(found.values())


def _shared(report: Report, element: Element, kind: str) -> SharedNamespace | None:
    """What is shared; None where the schema alone has told what is wrong, or a value is."""
    how, value = element.attributes.get("type"), element.attributes.get("value", "").strip()
    if how not in WAYS[kind] or "value" not in element.attributes:
        return None
    if wrong := _wrong(how, value):
        place = report.tree.attribute_place(element, "value")
        report.error(how, place, wrong, f"{_EXAMPLES[how]} is one")
        return None
    if how == "pid":
        _warn_of_process(report, element, value)
    return SharedNamespace(kind, how, value)


def _wrong(how: str, value: str) -> str | None:
    """Why a value cannot be what it is said to be; a container may have any name elsewhere."""
    if not value:
        return "the value is empty"
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
    element = report.tree.root.first(NAMESPACE)
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
        Markup(f"{PREFIX}:share{entry.kind}", (("type", entry.how), ("value", entry.value)))
        for entry in namespaces
    )
    return (Markup(f"{PREFIX}:namespace", ((f"xmlns:{PREFIX}", URI),), children=children),)
