"""Changes of one field: each gives a document that differs only in the node behind the field.

A value equal to the present one gives the document itself. DefinitionError where the text is not
well-formed; ValueError where XML cannot carry the value or the document has no place for it.
"""

from __future__ import annotations

from cloche_engine.definition import units
from cloche_engine.definition.container.console_buffer import ELEMENT as CONSOLE_BUFFER
from cloche_engine.definition.container.homes import IN_OS, ProgramHome, limit, program_home
from cloche_engine.definition.dialects.linuxcontainer import program as reading
from cloche_engine.definition.dialects.linuxcontainer.limits import memory_kib, shares
from cloche_engine.definition.document import Document
from cloche_engine.definition.domain.values import size_unit
from cloche_engine.definition.editing.features import set_privileged, set_system
from cloche_engine.definition.editing.filesystems import set_filesystems
from cloche_engine.definition.editing.network import (
    set_interface,
    set_interfaces,
    set_nameservers,
)
from cloche_engine.definition.editing.siblings import (
    Change,
    edited,
    home_of,
    network_of,
    sync,
)
from cloche_engine.definition.editing.stopping import set_stop
from cloche_engine.definition.names import parse_uuid, valid_uuid
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element

__all__ = [
    "set_console_kib",
    "set_cpushare",
    "set_description",
    "set_directory",
    "set_environment",
    "set_filesystems",
    "set_hostname",
    "set_interface",
    "set_interfaces",
    "set_memory_kib",
    "set_name",
    "set_nameservers",
    "set_privileged",
    "set_processes",
    "set_program",
    "set_stop",
    "set_system",
    "set_title",
    "set_user",
    "set_uuid",
]


def set_name(document: Document, name: str) -> Document:
    """The container's name."""
    return edited(document, lambda splicer: _set(splicer, splicer.root, "name", name.strip()))


def set_uuid(document: Document, uuid: str | None) -> Document:
    """The uuid, with dashes or without as it was; a new one is 32 lower-case digits."""

    def apply(splicer: Splicer) -> None:
        present = splicer.root.first("uuid")
        text = present.text.strip() if present is not None else ""
        if uuid is None or valid_uuid(uuid):
            _set(splicer, splicer.root, "uuid", uuid)
        elif valid_uuid(text) or parse_uuid(text) != parse_uuid(uuid):
            _set(splicer, splicer.root, "uuid", _uuid_like(parse_uuid(uuid), text))

    return edited(document, apply)


def set_title(document: Document, title: str | None) -> Document:
    """The title for people; none where empty."""
    wanted = (title or "").strip() or None
    return edited(document, lambda splicer: _set(splicer, splicer.root, "title", wanted))


def set_description(document: Document, description: str | None) -> Document:
    """The notes; none where empty."""
    wanted = (description or "").strip() or None
    return edited(document, lambda splicer: _set(splicer, splicer.root, "description", wanted))


def set_hostname(document: Document, hostname: str | None) -> Document:
    """The host name inside; None gives it the container's name."""

    def apply(splicer: Splicer) -> None:
        network = splicer.container.first("network") if splicer.container else None
        present = network.attributes.get("hostname") if network is not None else None
        if (present or "").strip() == (hostname or "").strip():
            return
        if hostname:
            splicer.set_attribute(network_of(splicer), "hostname", hostname.strip())
        elif network is not None:
            splicer.set_attribute(network, "hostname", None)

    return edited(document, apply)


def set_program(document: Document, program: tuple[str, ...]) -> Document:
    """The program and its arguments; arguments that stay keep their bytes."""

    def apply(splicer: Splicer) -> None:
        path = program[0].strip() if program else None
        _set_at_home(splicer, program_home(splicer.root).names.program, path)
        _set_arguments(splicer, program[1:])

    return edited(document, apply)


def set_environment(document: Document, environment: tuple[tuple[str, str], ...]) -> Document:
    """The environment, in order; variables that stay keep their bytes."""

    def apply(splicer: Splicer) -> None:
        def elements() -> list[Element]:
            return reading.environment_elements(program_home(splicer.root))

        def update(at: int, item: tuple[str, str]) -> None:
            if elements()[at].attributes["name"].strip() != item[0]:
                splicer.set_attribute(elements()[at], "name", item[0])
            if elements()[at].text != item[1]:
                splicer.set_exact_text(elements()[at], item[1])

        home = program_home(splicer.root)
        sync(
            splicer,
            Change(elements, list(reading.environment(home)), list(environment)),
            lambda item: Markup(home.names.variable, (("name", item[0]),), item[1]),
            update,
        )

    return edited(document, apply)


def set_directory(document: Document, directory: str | None) -> Document:
    """The working directory; None means /."""
    wanted = (directory or "").strip() or None

    def apply(splicer: Splicer) -> None:
        _set_at_home(splicer, program_home(splicer.root).names.directory, wanted)

    return edited(document, apply)


def set_user(document: Document, user: str | None) -> Document:
    """The user, `USER` or `USER:GROUP`, speaking for the group too; None means root."""
    name, _, group = (user or "").strip().partition(":")

    def apply(splicer: Splicer) -> None:
        home = program_home(splicer.root)
        if home.names is IN_OS or home.first("group") is not None or (group and not name):
            _set_at_home(splicer, home.names.user, name or None)
            _set_at_home(splicer, home.names.group, group or None)
        else:
            _set_at_home(splicer, "user", (f"{name}:{group}" if group else name) or None)

    return edited(document, apply)


def set_cpushare(document: Document, wanted: int | None) -> Document:
    """The processor weight in cgroup v1 units, its twin too; None leaves it to the default."""

    def elements(splicer: Splicer) -> list[Element]:
        tune = splicer.root.first("cputune")
        found = (limit(splicer.root, "cpushare"), tune.first("shares") if tune else None)
        return [element for element in found if element is not None]

    def apply(splicer: Splicer) -> None:
        for at in reversed(range(len(elements(splicer)))):
            element = elements(splicer)[at]
            if wanted is None:
                splicer.remove(element)
            elif shares(element) != wanted:
                splicer.set_text(element, str(wanted))
        if wanted is not None and not elements(splicer):
            splicer.add(splicer.root, Markup("cpushare", text=str(wanted)))

    return edited(document, apply)


def set_memory_kib(document: Document, kib: int | None) -> Document:
    """The memory limit, its twin too. The unit stays where the size is whole in it, else KiB."""

    def elements(splicer: Splicer) -> list[Element]:
        tune = splicer.root.first("memtune")
        found = (limit(splicer.root, "memory"), tune.first("hard_limit") if tune else None)
        return [element for element in found if element is not None]

    def apply(splicer: Splicer) -> None:
        for at in reversed(range(len(elements(splicer)))):
            element = elements(splicer)[at]
            if memory_kib(element) == kib and (kib or not _is_unreadable(element)):
                continue
            if kib is None:
                splicer.remove(element)
                continue
            written = units.from_kib(kib, size_unit(element))
            splicer.set_text(element, written or str(kib))
            if written is None:
                splicer.set_attribute(elements(splicer)[at], "unit", None)
        if kib is not None and not elements(splicer):
            splicer.add(splicer.root, Markup("memory", text=str(kib)))

    return edited(document, apply)


def set_processes(document: Document, processes: int | None) -> Document:
    """Most processes at a time; None leaves it to the default."""
    wanted = None if processes is None else str(processes)
    return edited(document, lambda splicer: _set(splicer, splicer.root, "processes", wanted))


def set_console_kib(document: Document, kib: int | None) -> Document:
    """Output of the console that is kept; the unit stays where the size is whole in it."""

    def apply(splicer: Splicer) -> None:
        present = splicer.root.first(CONSOLE_BUFFER)
        if present is None or kib is None:
            _set(splicer, splicer.root, CONSOLE_BUFFER, None if kib is None else str(kib))
            return
        written = units.from_kib(kib, size_unit(present))
        _set(splicer, splicer.root, CONSOLE_BUFFER, written or str(kib))
        if written is None:
            splicer.set_attribute(splicer.root.first(CONSOLE_BUFFER) or present, "unit", None)

    return edited(document, apply)


def _is_unreadable(memory: Element) -> bool:
    """Whether it says neither a size nor that there is no limit."""
    return units.to_kib(memory.text.strip(), size_unit(memory)) is None


def _set(splicer: Splicer, parent: Element, name: str, value: str | None) -> None:
    """The text of a single child; None removes it."""
    present = parent.first(name)
    if value is None:
        if present is not None:
            splicer.remove(present)
    elif present is None:
        splicer.add(parent, Markup(name, text=value))
    elif present.text.strip() != value:
        splicer.set_text(present, value)


def _set_at_home(splicer: Splicer, name: str, value: str | None) -> None:
    """A single child of the element that says what runs."""
    if value is not None or program_home(splicer.root).element is not None:
        element = home_of(splicer).element
        if element is not None:
            _set(splicer, element, name, value)


def _set_arguments(splicer: Splicer, wanted: tuple[str, ...]) -> None:
    def home() -> ProgramHome:
        return program_home(splicer.root)

    def elements() -> list[Element]:
        return home().all(home().names.argument)

    name = home().names.argument
    sync(
        splicer,
        Change(elements, [element.text for element in elements()], list(wanted)),
        lambda text: Markup(name, text=text),
        lambda at, text: splicer.set_exact_text(elements()[at], text),
    )


def _uuid_like(digits: str, present: str) -> str:
    if "-" not in present:
        return digits
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
