"""`<os>`: what runs in the container, and as whom."""

from __future__ import annotations

from typing import NamedTuple

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.values import attribute_text, branch, child_text, leaf
from cloche_engine.definition.names import normal_path, short
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element

DEFAULT_INIT = "/sbin/init"


class Program(NamedTuple):
    """What `<os>` says; empty or None where it is silent."""

    program: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    directory: str | None = None
    user: str | None = None
    group: str | None = None
    arch: str | None = None
    machine: str | None = None


def read_program(report: Report, root: Element) -> Program:
    """`<os>` below root; arguments are taken with every space, without `<init>` for /sbin/init."""
    os = root.first("os")
    if os is None:
        return Program()
    _check_type(report, os)
    init = child_text(os, "init")
    arguments = tuple(element.text for element in os.all("initarg"))
    return Program(
        (init or DEFAULT_INIT, *arguments) if init or arguments else (),
        read_environment(report, os.all("initenv")),
        _directory(os),
        child_text(os, "inituser"),
        child_text(os, "initgroup"),
        attribute_text(os, "type", "arch"),
        attribute_text(os, "type", "machine"),
    )


def _directory(os: Element) -> str | None:
    text = child_text(os, "initdir")
    return normal_path(text) if text and text.startswith("/") else text


def _check_type(report: Report, os: Element) -> None:
    element, kind = os.first("type"), child_text(os, "type")
    if element is not None and kind != "exe":
        reason = f"an <os> of type '{short(kind or '')}' is no program in a container"
        report.error("type", report.tree.text_place(element), reason, "write <type>exe</type>")


def read_environment(report: Report, elements: list[Element]) -> tuple[tuple[str, str], ...]:
    """Names and values in order; each name may stand once."""
    found: list[tuple[str, str]] = []
    seen: dict[str, Element] = {}
    for element in elements:
        name = element.attributes.get("name", "").strip()
        if name in seen:
            line, _ = report.tree.place(seen[name])
            reason = f"the variable {short(name)} is set a second time, first in line {line}"
            report.error("duplicate", element, reason, "keep the one that is meant")
        seen.setdefault(name, element)
        found.append((name, element.text))
    return tuple(found)


def program_markup(spec: ContainerSpec) -> tuple[Markup, ...]:
    """`<os>` with the type exe; libvirt's schema takes no `/` alone as a directory."""
    kind = Markup("type", (("arch", spec.arch), ("machine", spec.machine)), "exe")
    return branch(
        "os",
        (kind,),
        leaf("init", spec.program[0] if spec.program else None),
        tuple(Markup("initarg", text=text) for text in spec.program[1:]),
        tuple(Markup("initenv", (("name", name),), value) for name, value in spec.environment),
        leaf("initdir", "/." if spec.directory == "/" else spec.directory),
        leaf("inituser", spec.user),
        leaf("initgroup", spec.group),
    )
