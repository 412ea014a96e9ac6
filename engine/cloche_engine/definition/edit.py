"""Changes of one field: each gives a document that differs only in the node behind the field.

A value equal to the present one gives the document itself. DefinitionError where the text is not
well-formed; ValueError where XML cannot carry the value or the document has no place for it.
"""

from __future__ import annotations

from cloche_engine.definition import units
from cloche_engine.definition.dialects.linuxcontainer import read as reading
from cloche_engine.definition.document import Document
from cloche_engine.definition.edit_filesystems import set_filesystems
from cloche_engine.definition.edit_network import (
    set_interface,
    set_interfaces,
    set_nameservers,
)
from cloche_engine.definition.editing import (
    Change,
    container_of,
    edited,
    network_of,
    sync,
)
from cloche_engine.definition.names import parse_integer, parse_uuid, valid_uuid
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.splice import Splicer
from cloche_engine.definition.text.tree import Element

__all__ = [
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
    "set_program",
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
        _set_in_container(splicer, "application", path)
        _set_arguments(splicer, program[1:])

    return edited(document, apply)


def set_environment(document: Document, environment: tuple[tuple[str, str], ...]) -> Document:
    """The environment, in order; variables that stay keep their bytes."""

    def apply(splicer: Splicer) -> None:
        def update(at: int, item: tuple[str, str]) -> None:
            element = reading.environment_elements(splicer.container)[at]
            if element.attributes["name"].strip() != item[0]:
                splicer.set_attribute(element, "name", item[0])
            element = reading.environment_elements(splicer.container)[at]
            if element.text != item[1]:
                splicer.set_exact_text(element, item[1])

        sync(
            splicer,
            Change(
                lambda: reading.environment_elements(splicer.container),
                list(reading.environment(splicer.container)),
                list(environment),
            ),
            lambda item: Markup("env", (("name", item[0]),), item[1]),
            update,
        )

    return edited(document, apply)


def set_directory(document: Document, directory: str | None) -> Document:
    """The working directory; None means /."""
    wanted = (directory or "").strip() or None
    return edited(document, lambda splicer: _set_in_container(splicer, "dir", wanted))


def set_user(document: Document, user: str | None) -> Document:
    """The user, `USER` or `USER:GROUP`, speaking for the group too; None means root."""
    name, _, group = (user or "").strip().partition(":")

    def apply(splicer: Splicer) -> None:
        beside = splicer.container.first("group") if splicer.container else None
        if beside is None or not name:
            whole = f"{name}:{group}" if group else name
            _set_in_container(splicer, "user", whole or None)
            _set_in_container(splicer, "group", None)
        else:
            _set_in_container(splicer, "user", name)
            _set_in_container(splicer, "group", group or None)

    return edited(document, apply)


def set_cpushare(document: Document, shares: int | None) -> Document:
    """The processor weight in cgroup v1 units; None leaves it to the default."""

    def apply(splicer: Splicer) -> None:
        element = splicer.root.first("cpushare")
        if shares is None or element is None or parse_integer(element.text.strip()) != shares:
            _set(splicer, splicer.root, "cpushare", None if shares is None else str(shares))

    return edited(document, apply)


def set_memory_kib(document: Document, kib: int | None) -> Document:
    """The memory limit. The unit written stays where the size is whole in it, else it is KiB."""

    def apply(splicer: Splicer) -> None:
        element = splicer.root.first("memory")
        if reading.memory_kib(element) == kib and (kib or not _is_unreadable(element)):
            return
        if kib is None or element is None:
            _set(splicer, splicer.root, "memory", None if kib is None else str(kib))
            return
        written = units.from_kib(kib, reading.memory_unit(element))
        splicer.set_text(element, written or str(kib))
        element = splicer.root.first("memory")
        if written is None and element is not None:
            splicer.set_attribute(element, "unit", None)

    return edited(document, apply)


def _is_unreadable(memory: Element | None) -> bool:
    """Whether a `<memory>` stands there that says neither a size nor that there is no limit."""
    if memory is None:
        return False
    return units.to_kib(memory.text.strip(), reading.memory_unit(memory)) is None


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


def _set_in_container(splicer: Splicer, name: str, value: str | None) -> None:
    if value is not None or splicer.container is not None:
        _set(splicer, container_of(splicer), name, value)


def _set_arguments(splicer: Splicer, wanted: tuple[str, ...]) -> None:
    def elements() -> list[Element]:
        return splicer.container.all("arg") if splicer.container is not None else []

    sync(
        splicer,
        Change(elements, [element.text for element in elements()], list(wanted)),
        lambda text: Markup("arg", text=text),
        lambda at, text: splicer.set_exact_text(elements()[at], text),
    )


def _uuid_like(digits: str, present: str) -> str:
    if "-" not in present:
        return digits
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
