"""Writes a new definition, in the canonical form and nicely indented."""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import fields, replace

from cloche_engine.definition.container.filesystems import plain_filesystem
from cloche_engine.definition.container.network_markup import check_writable
from cloche_engine.definition.dialects.linuxcontainer.write import write_all
from cloche_engine.definition.document import Document
from cloche_engine.definition.names import parse_uuid
from cloche_engine.definition.spec import ContainerSpec, Interface


def new_definition(spec: ContainerSpec) -> bytes:
    """A document that reads back as `spec`; ValueError names what a definition has no place for."""
    for interface in spec.interfaces:
        check_writable(interface)
    wanted = _normal(spec)
    data = write_all(wanted)
    read = Document.parse(data).spec
    lost = [] if read is None else _differences(wanted, without_places(read))
    if read is None or lost:
        raise ValueError(f"a definition has no place for this {', '.join(lost) or 'container'}")
    return data


def without_places(spec: ContainerSpec) -> ContainerSpec:
    """The same specification, no matter where in a document it stood."""
    return replace(
        spec,
        filesystems=tuple(replace(entry, location=None) for entry in spec.filesystems),
        interfaces=tuple(replace(entry, location=None) for entry in spec.interfaces),
    )


def _differences(one: ContainerSpec, other: ContainerSpec) -> list[str]:
    names = (entry.name for entry in fields(ContainerSpec))
    return [name for name in names if _said(one, name) != _said(other, name)]


def _said(spec: ContainerSpec, name: str) -> object:
    # What is kept has no order of its own: it stands where its elements do.
    value = getattr(spec, name)
    return Counter(value) if name == "opaque" else value


def _normal(spec: ContainerSpec) -> ContainerSpec:
    plain = without_places(spec)
    return replace(
        plain,
        name=plain.name.strip(),
        uuid=parse_uuid(plain.uuid) if plain.uuid else None,
        title=_trimmed(plain.title),
        description=_trimmed(plain.description),
        hostname=_trimmed(plain.hostname),
        filesystems=tuple(plain_filesystem(entry) for entry in plain.filesystems),
        interfaces=tuple(_plain_interface(entry) for entry in plain.interfaces),
    )


def _plain_interface(interface: Interface) -> Interface:
    addresses = tuple(str(ipaddress.ip_interface(text)) for text in interface.addresses)
    return replace(interface, addresses=addresses)


def _trimmed(text: str | None) -> str | None:
    return (text or "").strip() or None
