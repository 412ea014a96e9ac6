"""Reads `<domain type='linuxcontainer'>`: the RFC's second revision and what was added to it."""

from __future__ import annotations

from cloche_engine.definition import homes, names, units
from cloche_engine.definition.filesystems import check_mounts
from cloche_engine.definition.network import address_text, nameserver_elements
from cloche_engine.definition.network_checks import check_network
from cloche_engine.definition.report import Report
from cloche_engine.definition.schema.linuxcontainer import DOMAIN_TYPE, ROOT, SCHEMA
from cloche_engine.definition.shape import check_shape
from cloche_engine.definition.spec import ContainerSpec, Cpu, Memory
from cloche_engine.definition.text.tree import Element


def read(report: Report) -> ContainerSpec | None:
    """Check the whole tree and read it; None where it is another kind of document.

    With errors reported the specification holds what could be read, for forms to show.
    """
    if not _is_ours(report):
        return None
    check_shape(report, SCHEMA)
    root = report.tree.root
    container = root.first("container")
    filesystems = check_mounts(report, container)
    interfaces = check_network(report)
    _check_program(report, container)
    environment = _environment(report, container)
    user, group = _user(report, container)
    return ContainerSpec(
        name=_text(root, "name") or "",
        uuid=_uuid(root),
        title=_text(root, "title"),
        description=_text(root, "description"),
        hostname=_hostname(homes.network(root)),
        filesystems=filesystems,
        interfaces=interfaces,
        nameservers=_nameservers(root),
        program=program(container),
        environment=environment,
        directory=_text(container, "dir"),
        user=user,
        group=group,
        cpu=Cpu(shares=_shares(root)),
        memory=Memory(max_kib=_memory(report, root)),
        consoles=_consoles(root),
    )


def _is_ours(report: Report) -> bool:
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
    elif kind != DOMAIN_TYPE:
        report.error(
            "domain-type",
            report.tree.attribute_place(root, "type"),
            f"a domain of type '{names.short(kind)}' is not read here",
            f"only type='{DOMAIN_TYPE}' is a container that Cloche can run",
        )
    else:
        return True
    return False


def _text(parent: Element | None, name: str) -> str | None:
    element = parent.first(name) if parent is not None else None
    return (element.text.strip() or None) if element is not None else None


def _user(report: Report, container: Element | None) -> tuple[str | None, str | None]:
    """User and group: `USER:GROUP`, or two elements."""
    user, _, beside = (_text(container, "user") or "").partition(":")
    element = container.first("group") if container is not None else None
    group = _text(container, "group")
    if element is not None and beside:
        report.error("group", element, "the group is given twice", "write <user>USER:GROUP</user>")
    return user or None, beside or group


def _uuid(root: Element) -> str | None:
    text = _text(root, "uuid") or ""
    return None if names.valid_uuid(text) else names.parse_uuid(text)


def _hostname(network: Element | None) -> str | None:
    return network.attributes.get("hostname", "").strip() or None if network is not None else None


def _nameservers(root: Element) -> tuple[str, ...]:
    found = (names.parse_address(address_text(e)) for e in nameserver_elements(root))
    return tuple(str(address) for address in found if address is not None)


def _shares(root: Element) -> int | None:
    return names.parse_integer(_text(root, "cpushare") or "")


def _consoles(root: Element) -> int | None:
    devices = root.first("devices")
    return len(devices.all("console")) or None if devices is not None else None


def program(container: Element | None) -> tuple[str, ...]:
    """The program and its arguments; arguments are taken with every space."""
    path = _text(container, "application")
    if container is None or path is None:
        return ()
    return (path, *(arg.text for arg in container.all("arg")))


def _check_program(report: Report, container: Element | None) -> None:
    application = container.first("application") if container is not None else None
    if application is not None and " " in application.text.strip():
        report.warning(
            "application",
            report.tree.text_place(application),
            f"the whole text '{names.short(application.text.strip())}' is taken as one path",
            "put each argument into an <arg> of its own",
        )


def environment_elements(container: Element | None) -> list[Element]:
    """The `<env>` elements that have a name."""
    found = container.all("env") if container is not None else []
    return [element for element in found if "name" in element.attributes]


def _environment(report: Report, container: Element | None) -> tuple[tuple[str, str], ...]:
    seen: dict[str, Element] = {}
    for element in environment_elements(container):
        name = element.attributes["name"].strip()
        if name in seen:
            line, _ = report.tree.place(seen[name])
            reason = f"the variable {names.short(name)} is set a second time, first in line {line}"
            report.error("duplicate", element, reason, "keep the one that is meant")
        seen.setdefault(name, element)
    return environment(container)


def environment(container: Element | None) -> tuple[tuple[str, str], ...]:
    """Names and values of the environment, in order."""
    found = environment_elements(container)
    return tuple((element.attributes["name"].strip(), element.text) for element in found)


def memory_kib(element: Element | None) -> int | None:
    """A `<memory>` in KiB; None where there is none, it cannot be read, or it says no limit."""
    if element is None:
        return None
    size = units.to_kib(element.text.strip(), memory_unit(element))
    return None if size is None or size >= units.UNLIMITED_KIB else size


def memory_unit(element: Element) -> str:
    """The unit that a `<memory>` is written in."""
    return element.attributes.get("unit", "KiB").strip()


def _memory(report: Report, root: Element) -> int | None:
    element = root.first("memory")
    if element is None:
        return None
    unit = memory_unit(element)
    text = element.text.strip()
    reason = None if units.valid_unit(unit) else units.valid_size(text, unit, units.MIN_MEMORY_KIB)
    if reason:
        hint = "65536 is 64 MiB; leave <memory> out for no limit"
        report.error("memory", report.tree.text_place(element), f"<memory>: {reason}", hint)
    return memory_kib(element)
