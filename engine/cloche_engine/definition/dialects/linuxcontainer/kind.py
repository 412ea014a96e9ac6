"""Tells whether a document is of the family that is stored and run."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container import homes
from cloche_engine.definition.schema.linuxcontainer import DOMAIN_TYPE, DRIVER_TYPE, ROOT
from cloche_engine.definition.text.tree import Element

_CONVERTIBLE = {"lxc", "openvz", "vserver"}


def is_family(root: Element) -> bool:
    """Whether a document is of the family by root, type and shape."""
    kind = root.attributes.get("type")
    driver = kind == DRIVER_TYPE and root.first("container") is not None
    return root.name == ROOT and (kind == DOMAIN_TYPE or driver)


def is_ours(report: Report) -> bool:
    """Report a document that is of another kind; the shape counts more than the type."""
    root = report.tree.root
    kind = root.attributes.get("type")
    if root.name != ROOT:
        report.error(
            "foreign-root",
            root,
            f"the document is a <{names.short(root.name.rpartition(' ')[2])}>, not a <domain>",
            f"a definition begins with <domain type='{DOMAIN_TYPE}'>",
        )
    elif kind is None:
        hint = f"write <domain type='{DOMAIN_TYPE}'>"
        report.error("domain-type", root, "<domain> has no type", hint)
    elif kind == DRIVER_TYPE and root.first("container") is not None:
        _driver(report)
        return True
    elif kind != DOMAIN_TYPE:
        _foreign(report, kind)
    else:
        _check_home(report)
        return True
    return False


def _driver(report: Report) -> None:
    """The driver of March 2008 wrote one type and read the other."""
    root = report.tree.root
    report.warning(
        "domain-type",
        report.tree.attribute_place(root, "type"),
        f"type='{DRIVER_TYPE}' with a <container> is read as type='{DOMAIN_TYPE}'",
        f"write type='{DOMAIN_TYPE}'",
        fixes.write_attribute(report.tree, root, "type", DOMAIN_TYPE, fix=fixes.RENAME),
    )


def _foreign(report: Report, kind: str) -> None:
    shown = names.short(kind)
    hint = f"only type='{DOMAIN_TYPE}' is a container that Cloche can run"
    if kind in _CONVERTIBLE:
        hint = f"`clochectl convert --to {DOMAIN_TYPE} FILE` writes it as Cloche runs it"
    place = report.tree.attribute_place(report.tree.root, "type")
    report.error("domain-type", place, f"a domain of type '{shown}' is not read here", hint)


def _check_home(report: Report) -> None:
    root = report.tree.root
    if root.first("container") is None and homes.program_home(root).element is None:
        reason = "<domain> has no <container>: what is inside"
        report.error("missing", root, reason, "add <container>")
