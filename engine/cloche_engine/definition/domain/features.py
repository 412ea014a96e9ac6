"""`<features>`: capabilities, and a network of its own."""

from __future__ import annotations

import re
from typing import NamedTuple

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.values import branch
from cloche_engine.definition.names import short
from cloche_engine.definition.problem import Severity
from cloche_engine.definition.schema.domain import CAPABILITIES
from cloche_engine.definition.schema.model import nearest
from cloche_engine.definition.spec import Capabilities, CapabilityPolicy
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

_POLICIES = {policy.value: policy for policy in CapabilityPolicy}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Features(NamedTuple):
    """What `<features>` says; None where it is silent."""

    capabilities: Capabilities | None = None
    network_isolated: bool | None = None


def read_features(report: Report, root: Element) -> Features:
    """`<features>` below root; a capability that is not known is kept with a warning."""
    features = root.first("features")
    if features is None:
        return Features()
    element = features.first("capabilities")
    private = features.first("privnet")
    return Features(
        _capabilities(report, element) if element is not None else None,
        True if private is not None else None,
    )


def _capabilities(report: Report, element: Element) -> Capabilities:
    seen: dict[str, Element] = {}
    drop: set[str] = set()
    for child in element.children:
        if child.is_foreign or _is_refused(report, child, seen):
            continue
        if child.name not in CAPABILITIES:
            _unknown(report, child)
        seen[child.name] = child
        if child.attributes.get("state", "on").strip() == "off":
            drop.add(child.name)
    policy = _POLICIES.get(element.attributes.get("policy", "default").strip())
    return Capabilities(
        policy or CapabilityPolicy.DEFAULT,
        tuple(name for name in seen if name not in drop),
        tuple(name for name in seen if name in drop),
    )


def _is_refused(report: Report, child: Element, seen: dict[str, Element]) -> bool:
    state = child.attributes.get("state", "on").strip()
    if not _NAME.fullmatch(child.name):
        reason = f"'{short(child.name)}' is no name of a capability"
        report.error("capability", child, reason, "write it in lower case, without cap_")
    elif state not in {"on", "off"}:
        place = report.tree.attribute_place(child, "state")
        reason = f"state='{short(state)}' of <{child.name}> is not possible here"
        report.error("state", place, reason, "possible: on, off")
    elif child.name in seen:
        line, _ = report.tree.place(seen[child.name])
        reason = f"<{child.name}> stands here a second time, the first is in line {line}"
        report.error("duplicate", child, reason, "keep the one that is meant")
    else:
        return False
    return True


def _unknown(report: Report, child: Element) -> None:
    if report.is_full(Severity.WARNING):
        report.warning("capability", child, "")
        return
    meant = nearest(child.name.removeprefix("cap_"), CAPABILITIES)
    report.warning(
        "capability",
        child,
        f"<{child.name}> is no capability that is known here; it counts as root-equivalent",
        f"did you mean <{meant}>?" if meant else "it is kept as it is",
    )


def features_markup(
    capabilities: Capabilities | None, network_isolated: bool | None, known: tuple[str, ...] = ()
) -> tuple[Markup, ...]:
    """`<features>`; known are the only capabilities that may be written, all where it is empty."""
    private = (Markup("privnet"),) if network_isolated else ()
    if capabilities is None:
        return branch("features", private)
    states = [(name, "on") for name in capabilities.keep]
    states += [(name, "off") for name in capabilities.drop]
    children = tuple(
        Markup(name, (("state", state),))
        for name, state in states
        if _NAME.fullmatch(name) and (not known or name in known)
    )
    policy = (("policy", str(capabilities.policy)),)
    return branch("features", private, (Markup("capabilities", policy, children=children),))
