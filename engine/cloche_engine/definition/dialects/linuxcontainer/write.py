"""Writes `<domain type='linuxcontainer'>` in the canonical form, with all there is to say."""

from __future__ import annotations

from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.filesystem_markup import filesystem_markup
from cloche_engine.definition.network import WITHOUT_ADDRESS
from cloche_engine.definition.network_markup import address_markup, interface_markup, is_private
from cloche_engine.definition.schema.linuxcontainer import DOMAIN_TYPE, ROOT
from cloche_engine.definition.spec import ContainerSpec, Interface
from cloche_engine.definition.text.markup import Layout, Markup

REASONS: tuple[Reason, ...] = ()
"""Nothing is lost here: what is not understood is kept as it is."""


def write(spec: ContainerSpec) -> bytes:
    """The document; `create.new_definition` says whether it reads back the same."""
    return (_domain(spec).render(Layout()) + "\n").encode()


def leaf(name: str, value: object | None) -> tuple[Markup, ...]:
    """An element that holds only text, none where there is nothing to say."""
    return () if value is None else (Markup(name, text=str(value)),)


def _domain(spec: ContainerSpec) -> Markup:
    return Markup(
        ROOT,
        (("type", DOMAIN_TYPE),),
        children=(
            Markup("name", text=spec.name),
            *leaf("uuid", spec.uuid),
            *leaf("title", spec.title),
            *leaf("description", spec.description),
            _container(spec),
            *leaf("cpushare", spec.cpu.shares),
            *leaf("memory", spec.memory.max_kib),
            *_devices(spec.consoles),
        ),
    )


def _devices(consoles: int | None) -> tuple[Markup, ...]:
    if not consoles:
        return ()
    return (Markup("devices", children=(Markup("console"),) * consoles),)


def _container(spec: ContainerSpec) -> Markup:
    return Markup(
        "container",
        children=(
            *(filesystem_markup(entry) for entry in spec.filesystems),
            *leaf("application", spec.program[0] if spec.program else None),
            *(Markup("arg", text=text) for text in spec.program[1:]),
            *(Markup("env", (("name", name),), value) for name, value in spec.environment),
            *leaf("dir", spec.directory),
            *_user(spec),
            *_network(spec),
            *_interfaces(spec),
        ),
    )


def _user(spec: ContainerSpec) -> tuple[Markup, ...]:
    if spec.user and spec.group:
        return leaf("user", f"{spec.user}:{spec.group}")
    return (*leaf("user", spec.user), *leaf("group", spec.group))


def _shared(spec: ContainerSpec) -> Interface | None:
    """The only interface has its addresses in `<network>`, as the RFC writes them."""
    if len(spec.interfaces) != 1 or spec.interfaces[0].kind in WITHOUT_ADDRESS:
        return None
    return spec.interfaces[0]


def _network(spec: ContainerSpec) -> tuple[Markup, ...]:
    shared = _shared(spec)
    nameservers = tuple(Markup("nameserver", (("address", text),)) for text in spec.nameservers)
    inside = nameservers if shared is None else address_markup(shared, nameservers)
    if not (spec.hostname or inside):
        return ()
    return (Markup("network", (("hostname", spec.hostname),), children=inside),)


def _interfaces(spec: ContainerSpec) -> tuple[Markup, ...]:
    shared = _shared(spec)
    if shared is not None and is_private(shared):
        return ()
    return tuple(
        interface_markup(entry, addresses=entry is not shared) for entry in spec.interfaces
    )
