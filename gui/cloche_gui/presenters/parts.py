"""The parts of a definition that have a form: what the form shows, and what an edit changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import ContainerSpec
from cloche_gui.presenters import mounts as mount_rows
from cloche_gui.presenters import network as network_form
from cloche_gui.presenters import program
from cloche_gui.presenters.draft import Draft, Part


@dataclass(frozen=True, slots=True)
class Program:
    """The path of the program, and its arguments as one line with quotes."""

    path: str = ""
    arguments: str = ""


Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """From a spec to the form's value, and from the value into a document."""

    show: Callable[[ContainerSpec], Any]
    change: Callable[[Document, Any], Document]


def value(part: Part, draft: Draft) -> object | None:
    """What the form shows: a pending value first, else the last good one; None: nothing yet."""
    pending = draft.pending.get(part)
    if pending is not None:
        return pending.value
    return None if draft.spec is None else _WAYS[part].show(draft.spec)


def edit_part(part: Part, draft: Draft, new: object) -> None:
    """Put the form's value into the draft."""
    draft.edit(part, new, lambda document: _WAYS[part].change(document, new))


def _show_program(spec: ContainerSpec) -> Program:
    return Program("".join(spec.program[:1]), program.join(spec.program[1:]))


def _change_program(document: Document, value: Program) -> Document:
    if not value.path.strip():
        raise ValueError("Say which program runs in the container, for example /bin/sh.")
    return edit.set_program(document, (value.path.strip(), *program.split(value.arguments)))


def _change_environment(document: Document, pairs: Pairs) -> Document:
    for number, (name, _) in enumerate(pairs, start=1):
        if not name or "=" in name:
            problem = "has a “=” in its name" if name else "lacks a name"
            raise ValueError(f"Variable {number} {problem}: correct it or remove the row.")
    return edit.set_environment(document, pairs)


def _show_user(spec: ContainerSpec) -> str:
    return f"{spec.user or ''}:{spec.group}" if spec.group else spec.user or ""


def _change_mounts(document: Document, rows: tuple[mount_rows.Mount, ...]) -> Document:
    return edit.set_filesystems(document, mount_rows.to_filesystems(rows))


def _change_network(document: Document, network: network_form.Network) -> Document:
    if network.mode is network_form.Mode.OTHER:
        return document
    spec = document.spec
    base = spec.interfaces[0] if spec and spec.interfaces else None
    interface = network_form.interface(network, base)
    if interface is None:
        return edit.set_interfaces(edit.set_nameservers(document, ()), ())
    nameservers = network_form.nameservers(network.nameservers)
    return edit.set_nameservers(edit.set_interfaces(document, (interface,)), nameservers)


_WAYS: dict[Part, _Way] = {
    Part.NAME: _Way(lambda s: s.name, lambda d, v: edit.set_name(d, v.strip())),
    Part.HOSTNAME: _Way(
        lambda s: s.hostname or "", lambda d, v: edit.set_hostname(d, v.strip() or None)
    ),
    Part.PROGRAM: _Way(_show_program, _change_program),
    Part.ENVIRONMENT: _Way(lambda s: s.environment, _change_environment),
    Part.DIRECTORY: _Way(
        lambda s: s.directory or "", lambda d, v: edit.set_directory(d, v.strip() or None)
    ),
    Part.USER: _Way(_show_user, lambda d, v: edit.set_user(d, v.strip() or None)),
    Part.MOUNTS: _Way(lambda s: mount_rows.from_filesystems(s.filesystems), _change_mounts),
    Part.NETWORK: _Way(network_form.from_spec, _change_network),
    Part.CPUSHARE: _Way(lambda s: s.cpu.shares, edit.set_cpushare),
    Part.MEMORY: _Way(lambda s: s.memory.max_kib, edit.set_memory_kib),
    Part.CONSOLE: _Way(lambda s: s.console_kib, edit.set_console_kib),
}
