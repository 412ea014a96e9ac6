"""Compares a tree with the schema: what is unknown, missing, doubled, or holds a wrong value."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cloche_engine.definition import names, units
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.listing import Place
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.problem import Fix, Severity
from cloche_engine.definition.schema.model import Attribute, ElementRule, Schema, Value, nearest
from cloche_engine.definition.text.prefixes import bindings_at
from cloche_engine.definition.text.tree import Element

_CHECKS: dict[Value, Callable[[str], str | None]] = {
    Value.LINE: names.valid_line,
    Value.NAME: names.valid_name,
    Value.UUID: names.valid_uuid,
    Value.HOSTNAME: names.valid_hostname,
    Value.SOURCE: names.valid_mount_source,
    Value.TARGET: names.valid_path,
    Value.PATH: names.valid_path,
    Value.TEMPLATE: names.valid_template,
    Value.PROGRAM: names.valid_program,
    Value.VARIABLE: names.valid_environment_name,
    Value.USER: names.valid_user,
    Value.GROUP: names.valid_group,
    Value.ADDRESS: names.valid_address,
    Value.NETMASK: names.valid_netmask,
    Value.PREFIX: names.valid_prefix,
    Value.MAC: names.valid_mac,
    Value.DEVICE: names.valid_device,
    Value.UNIT: units.valid_unit,
}
_CODES = {Value.SOURCE: "path", Value.TARGET: "path", Value.PATH: "path"}
_HINTS = {
    Value.UUID: "leave the element out and a uuid is made",
    Value.NETMASK: "write netmask='255.255.255.0', or prefix='24'",
    Value.PROGRAM: "write the absolute path as it is seen in the container",
}
_MAX = 2**63 - 1
# What would give a container the host's devices, rights or namespaces if somebody understood it.
_PRIVILEGED = frozenset(
    "capabilities capability channel controller disk emulator filesystem hostdev idmap lease"
    " memballoon namespace privileged redirdev seclabel shmem smartcard sound tpm usb vsock".split()
)
_ROOT_SOURCE_HINT = (
    "leave out the mount on / and the container sees the host's own files, read-only"
)


def check_shape(report: Report, schema: Schema) -> None:
    """Report everything that the schema alone can tell about the tree."""
    root = report.tree.root
    found = schema.rule("", root.name)
    if found is not None:
        _check_element(report, schema, root, found)


def _check_element(report: Report, schema: Schema, element: Element, rule: ElementRule) -> None:
    if rule.attributes or not rule.opaque:
        _check_attributes(report, element, rule)
    if rule.opaque:
        return
    _check_text(report, element, rule)
    _check_children(report, schema, element)


def _check_children(report: Report, schema: Schema, element: Element) -> None:
    seen: dict[str, Element] = {}
    for child in element.children:
        rule = schema.rule(element.name, child.name)
        if rule is None:
            if child.uri in schema.uris or not child.is_foreign:
                _unknown_element(report, schema, element, child)
            continue
        if child.name in seen and not rule.repeats:
            _doubled(report, child, seen[child.name])
        seen.setdefault(child.name, child)
        _check_element(report, schema, child, rule)
    for rule in schema.children(element.name):
        if rule.required and rule.name not in seen:
            _missing(report, element, rule)


def _missing(report: Report, element: Element, rule: ElementRule) -> None:
    report.error(
        "missing",
        element,
        f"<{report.tree.written(element)}> has no <{rule.name}>: {rule.help}",
        f"add <{rule.name}>" if rule.value is Value.NONE else f"add <{rule.name}>...</{rule.name}>",
    )


def _doubled(report: Report, child: Element, first: Element) -> None:
    line, _ = report.tree.place(first)
    report.error(
        "duplicate",
        child,
        f"<{report.tree.written(child)}> stands here a second time, the first is in line {line}",
        "keep the one that is meant",
        fixes.remove_element(report.tree, child),
    )


def _unknown_element(report: Report, schema: Schema, parent: Element, child: Element) -> None:
    if report.is_full(Severity.WARNING):
        report.warning("unknown-element", child, "")
        return
    fix = fixes.remove_element(report.tree, child)
    if places := _places(schema, child.name):
        hint = f"it belongs in {places}"
    elif meant := _meant(child, schema.children(parent.name)):
        tag, declared = meant.written(bindings_at(report.tree, parent) if meant.uri else ())
        hint = f"did you mean <{tag}{declared}>?"
        fix = fixes.rename_element(report.tree, child, tag, declared=declared)
    elif meant := _meant(child, schema.elements):
        hint = f"did you mean <{meant.tag}>? It belongs in {_places(schema, meant.name)}"
    else:
        hint = "it is kept as it is"
    name = names.short(report.tree.written(child))
    reason = f"<{name}> in <{report.tree.written(parent)}> has no effect"
    if child.name in _PRIVILEGED or child.is_foreign:
        reason += "; it counts as root-equivalent"
    report.warning("unknown-element", child, reason, hint, fix)


def _meant(element: Element, rules: Iterable[ElementRule]) -> ElementRule | None:
    """The rule whose name an unknown element nearly has, of its own namespace if it has one."""
    known = {rule.local: rule for rule in rules if element.uri in {"", rule.uri}}
    meant = nearest(element.local, tuple(known))
    return known[meant] if meant else None


def _places(schema: Schema, name: str) -> str:
    """Where an element may stand, in words; empty where nothing is known of it."""
    return " or ".join(f"<{schema.tags[above]}>" for above in schema.parents(name) if above)


def _check_attributes(report: Report, element: Element, rule: ElementRule) -> None:
    for name, value in element.attributes.items():
        if " " in name:
            continue
        known = rule.attribute(name)
        if known is None:
            _unknown_attribute(report, element, rule, name)
        else:
            _check_attribute(report, element, known, value)
    for entry in rule.attributes:
        if entry.required and entry.name not in element.attributes:
            report.error(
                "missing",
                element,
                f"<{report.tree.written(element)}> has no attribute {entry.name}: {entry.help}",
                f"write <{report.tree.written(element)} {entry.name}='...'>",
            )


def _unknown_attribute(report: Report, element: Element, rule: ElementRule, name: str) -> None:
    if report.is_full(Severity.WARNING):
        report.warning("unknown-attribute", element, "")
        return
    free = tuple(entry.name for entry in rule.attributes if entry.name not in element.attributes)
    meant = nearest(name, free)
    report.warning(
        "unknown-attribute",
        report.tree.attribute_name_place(element, name),
        f"the attribute {names.short(name)} of <{report.tree.written(element)}> has no effect",
        f"did you mean {meant}?" if meant else "it is kept as it is",
        fixes.rename_attribute(report.tree, element, name, meant)
        if meant
        else fixes.remove_attribute(report.tree, element, name),
    )


def _check_attribute(report: Report, element: Element, rule: Attribute, value: str) -> None:
    if rule.choices:
        reason = _choice_reason(report.tree.written(element), rule, value)
        hint = "possible: " + ", ".join(rule.choices)
    elif rule.value is Value.INTEGER:
        reason = names.valid_integer(value.strip(), rule.minimum or 0, rule.maximum or _MAX)
        hint = ""
    else:
        check = _CHECKS.get(rule.value)
        reason = check(value.strip()) if check else None
        hint = _hint(rule.value, value)
    if reason:
        place = report.tree.attribute_place(element, rule.name)
        report.error(_code(rule.value, value, rule.name), place, reason, hint)


def _choice_reason(element: str, rule: Attribute, value: str) -> str | None:
    # libvirt's older proposals write family='IPv4'; every other choice is spelled exactly.
    if (value.lower() if rule.name == "family" else value) in rule.choices:
        return None
    return f"{rule.name}='{names.short(value)}' of <{element}> is not possible here"


def _check_text(report: Report, element: Element, rule: ElementRule) -> None:
    text = element.text.strip()
    check = _CHECKS.get(rule.value)
    if rule.value is Value.NONE:
        if text:
            place = report.tree.text_place(element)
            reason = f"text in <{report.tree.written(element)}> has no effect"
            fix = fixes.remove_text(report.tree, element)
            report.warning("stray-text", place, reason, "", fix)
    elif rule.value is Value.INTEGER:
        _check_range(report, element, rule, text)
    elif check is not None and not (rule.value is Value.ADDRESS and not text):
        _report_text(report, element, rule, check(text))


def _check_range(report: Report, element: Element, rule: ElementRule, text: str) -> None:
    reason = names.valid_integer(text, rule.minimum or 0, rule.maximum or _MAX)
    if reason:
        span = f"{rule.minimum} to {rule.maximum}"
        hint = f"{rule.default} is usual; leave the element out for that"
        if span not in reason:
            hint = f"{span}, {hint}"
        place = report.tree.text_place(element)
        report.error(rule.name, place, f"<{element.name}>: {reason}", hint)


def _report_text(report: Report, element: Element, rule: ElementRule, reason: str | None) -> None:
    if reason:
        place: Place = report.tree.text_place(element)
        fix = _text_fix(report, element, rule)
        hint = _hint(rule.value, "") or (fix.description if fix else "")
        report.error(rule.name, place, reason, hint, *([fix] if fix else []))


def _text_fix(report: Report, element: Element, rule: ElementRule) -> Fix | None:
    """Another dialect's name made legal; a uuid in braces or with `urn:uuid:` without them."""
    text = element.text.strip()
    if rule.value is Value.NAME and (legal := fixes.legal_name(text)):
        return fixes.write_text(report.tree, element, legal, fix=fixes.RENAME)
    plain = text.removeprefix("urn:uuid:").strip("{}")
    if rule.value is Value.UUID and not names.valid_uuid(plain):
        return fixes.write_text(report.tree, element, plain, fix="plain-uuid")
    return None


def _code(kind: Value, value: str, name: str) -> str:
    if _is_host_root(kind, value):
        return "root-source"
    return _CODES.get(kind, name)


def _hint(kind: Value, value: str) -> str:
    return _ROOT_SOURCE_HINT if _is_host_root(kind, value) else _HINTS.get(kind, "")


def _is_host_root(kind: Value, value: str) -> bool:
    path = value.strip()
    return kind is Value.SOURCE and path.startswith("/") and names.normal_path(path) == "/"
