"""The new-container form: defaults, what is wrong in which field, and the definition it makes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum

from cloche_engine.definition import names
from cloche_engine.definition.create import new_definition
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Memory,
)
from cloche_gui.presenters import mounts as mount_rows
from cloche_gui.presenters import network as network_form
from cloche_gui.presenters import program
from cloche_gui.presenters.network import Mode, Network
from cloche_gui.presenters.root import Origin, Root

_MIB, _GIB = 1024, 1024 * 1024
INIT = "/sbin/init"
"""What a whole system starts."""


class Field(StrEnum):
    """A field of the form that an error can stand under."""

    NAME = "name"
    PROGRAM = "program"
    ROOT = "root"
    SYSTEM = "system"
    MOUNTS = "mounts"
    NETWORK = "network"
    LIMITS = "limits"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class NewContainer:
    """The values of the form; a whole system has an init of its own as its program."""

    name: str
    program: str = "/bin/sh"
    root: Root = field(default=Root())
    is_system: bool = False
    mounts: tuple[mount_rows.Mount, ...] = ()
    network: Network = field(default=Network(Mode.MANAGED))
    cpushare: int | None = None
    memory_kib: int | None = None


def free_name(taken: Collection[str], stem: str = "container") -> str:
    """A name that nothing has yet."""
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def default_program(existing: Collection[str]) -> str:
    """The shell to offer, given which of the usual ones exist on this host."""
    return "/bin/bash" if "/bin/bash" in existing else "/bin/sh"


def errors(form: NewContainer, taken: Collection[str]) -> dict[Field, str]:
    """Why the form cannot be used yet, by field; empty where it can."""
    found = {
        Field.NAME: _name_error(form.name, taken),
        Field.PROGRAM: _error(lambda: _argv(form.program)),
        Field.ROOT: form.root.error,
        Field.SYSTEM: _system_error(form),
        Field.MOUNTS: _error(lambda: mount_rows.to_filesystems(form.mounts)),
        Field.NETWORK: _error(lambda: _network(form.network)),
    }
    found = {at: reason for at, reason in found.items() if reason}
    return found or _document_errors(form)


def default_memory_kib(host_kib: int | None) -> int | None:
    """About half of what this host has, in a round number: no container shall take it all."""
    if not host_kib:
        return None
    step = _GIB if host_kib >= 4 * _GIB else _MIB
    return host_kib // 2 // step * step


def memory_note(host_kib: int) -> str:
    """Why the limit begins where it does."""
    amount = f"{host_kib / _GIB:.1f} GiB" if host_kib >= _GIB else f"{host_kib // _MIB} MiB"
    return f"About half of this computer's {amount}: no container can take it all."


def definition(form: NewContainer) -> bytes:
    """The definition that the form makes; ValueError where `errors` is not empty."""
    return new_definition(_spec(form))


def _spec(form: NewContainer) -> ContainerSpec:
    interface = network_form.interface(form.network, None)
    return ContainerSpec(
        name=form.name.strip(),
        program=_argv(form.program),
        filesystems=(*form.root.filesystems, *mount_rows.to_filesystems(form.mounts)),
        interfaces=(interface,) if interface else (),
        nameservers=network_form.nameservers(form.network.nameservers) if interface else (),
        cpu=Cpu(shares=form.cpushare),
        memory=Memory(max_kib=form.memory_kib),
        system=form.is_system or None,
    )


def _name_error(name: str, taken: Collection[str]) -> str:
    name = name.strip()
    if not name:
        return "Give the container a name."
    if name in taken:
        return f"Another container is called “{name}” already; choose another name."
    return names.valid_name(name) or ""


def _system_error(form: NewContainer) -> str:
    if form.is_system and form.root.origin is Origin.SHARED:
        return "A whole system needs a root of its own: choose a template or a directory."
    return ""


def _argv(line: str) -> tuple[str, ...]:
    words = program.split(line)
    if not words:
        raise ValueError("Say which program runs in the container, for example /bin/sh.")
    return words


def _network(network: Network) -> None:
    if network_form.interface(network, None) is not None:
        network_form.nameservers(network.nameservers)


def _error(check: Callable[[], object]) -> str:
    try:
        check()
    except ValueError as error:
        return str(error)
    return ""


_FIELD_WORDS = (
    (Field.NETWORK, ("gateway", "address", "netmask", "bridge", "nameserver", "network")),
    (Field.MOUNTS, ("mount", "target", "source", "filesystem")),
    (Field.LIMITS, ("memory", "cpushare", "share")),
    (Field.PROGRAM, ("application", "program", "arg")),
    (Field.NAME, ("name",)),
)


def _document_errors(form: NewContainer) -> dict[Field, str]:
    try:
        document = Document.parse(definition(form))
    except ValueError as error:
        return {Field.GENERAL: str(error)}
    if not document.errors:
        return {}
    reason = document.errors[0].reason
    return {_field_of(f"{document.errors[0].code} {reason}".lower()): reason}


def _field_of(text: str) -> Field:
    for place, words in _FIELD_WORDS:
        if any(word in text for word in words):
            return place
    return Field.GENERAL
