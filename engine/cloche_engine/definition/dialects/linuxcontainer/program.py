"""What runs: in `<container>`, or in `<os>` as the driver of March 2008 and libvirt have it."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container import homes
from cloche_engine.definition.domain import program as domain_program
from cloche_engine.definition.domain.program import Program
from cloche_engine.definition.domain.values import child_text, either
from cloche_engine.definition.text.tree import Element


def read_program(report: Report, root: Element) -> Program:
    """The program, its arguments, environment and identity, arch and machine of `<os>`."""
    system = domain_program.read_program(report, root)
    home = homes.program_home(root)
    if home.names is homes.IN_OS:
        return system
    container = home.element
    own = program(home)
    application = home.first("application")
    if application is None and not system.program:
        _missing(report, container or root)
    elif system.program and system.program != own:
        _contradiction(report, root, home)
    _check_spaces(report, application)
    user, group = _user(report, container)
    return Program(
        own or system.program,
        domain_program.read_environment(report, environment_elements(home)),
        child_text(container, "dir"),
        user,
        group,
        system.arch,
        system.machine,
    )


def program(home: homes.ProgramHome) -> tuple[str, ...]:
    """The program and its arguments; arguments are taken with every space."""
    path = child_text(home.element, home.names.program)
    if path is None:
        return ()
    return (path, *(arg.text for arg in home.all(home.names.argument)))


def environment_elements(home: homes.ProgramHome) -> list[Element]:
    """The elements of variables that have a name."""
    return [element for element in home.all(home.names.variable) if "name" in element.attributes]


def environment(home: homes.ProgramHome) -> tuple[tuple[str, str], ...]:
    """Names and values of the environment, in order."""
    found = environment_elements(home)
    return tuple((element.attributes["name"].strip(), element.text) for element in found)


def _missing(report: Report, element: Element) -> None:
    reason = f"<{element.name}> has no <application>: the program that is process 1"
    hint = "add <application>...</application>: absolute path, or bare name to be found in PATH"
    report.error("missing", element, reason, hint)


def _contradiction(report: Report, root: Element, home: homes.ProgramHome) -> None:
    system = root.first("os") or root
    of_os = [each for each in system.children if each.name in {"init", "initarg"}]
    own = [*home.all(home.names.program), *home.all(home.names.argument)]
    reason = "<os> and <container> name different programs, and one runs"
    report.error("contradiction", own[0], reason, "keep one of them", *either(report, of_os, own))


def _check_spaces(report: Report, application: Element | None) -> None:
    text = application.text.strip() if application is not None else ""
    if application is not None and " " in text:
        report.warning(
            "application",
            report.tree.text_place(application),
            f"the whole text '{names.short(text)}' is taken as one path",
            "put each argument into an <arg> of its own",
        )


def _user(report: Report, container: Element | None) -> tuple[str | None, str | None]:
    """User and group: `USER:GROUP`, or two elements."""
    user, _, beside = (child_text(container, "user") or "").partition(":")
    element = container.first("group") if container is not None else None
    if element is not None and beside:
        fix = fixes.remove_element(report.tree, element)
        hint = "write <user>USER:GROUP</user>"
        report.error("group", element, "the group is given twice", hint, fix)
    return user or None, beside or child_text(container, "group")
