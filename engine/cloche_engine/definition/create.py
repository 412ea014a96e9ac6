"""Writes a new definition, in the canonical form and nicely indented."""

from __future__ import annotations

from dataclasses import fields, replace

from cloche_engine.definition.document import Document
from cloche_engine.definition.edit_filesystems import filesystem_markup, plain_filesystem
from cloche_engine.definition.edit_network import check_writable, interface_markup, ip_markup
from cloche_engine.definition.names import parse_uuid
from cloche_engine.definition.network import subnet_holds
from cloche_engine.definition.schema.linuxcontainer import DOMAIN_TYPE, ROOT
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind
from cloche_engine.definition.text.markup import Layout, Markup


def new_definition(spec: ContainerSpec) -> bytes:
    """A document that reads back as `spec`; ValueError names what a definition has no place for."""
    wanted = _normal(spec)
    for interface in wanted.interfaces:
        check_writable(interface)
    data = (_domain(wanted).render(Layout()) + "\n").encode()
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
    return [name for name in names if getattr(one, name) != getattr(other, name)]


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
    )


def _trimmed(text: str | None) -> str | None:
    return (text or "").strip() or None


def _domain(spec: ContainerSpec) -> Markup:
    shares, memory = spec.cpu.shares, spec.memory.max_kib
    return Markup(
        ROOT,
        (("type", DOMAIN_TYPE),),
        children=(
            Markup("name", text=spec.name),
            *_leaf("uuid", spec.uuid),
            *_leaf("title", spec.title),
            *_leaf("description", spec.description),
            _container(spec),
            *_leaf("cpushare", None if shares is None else str(shares)),
            *_leaf("memory", None if memory is None else str(memory)),
            *_devices(spec.consoles),
        ),
    )


def _leaf(name: str, text: str | None) -> tuple[Markup, ...]:
    return () if text is None else (Markup(name, text=text),)


def _devices(consoles: int | None) -> tuple[Markup, ...]:
    if not consoles:
        return ()
    return (Markup("devices", children=(Markup("console"),) * consoles),)


def _container(spec: ContainerSpec) -> Markup:
    return Markup(
        "container",
        children=(
            *(filesystem_markup(entry) for entry in spec.filesystems),
            *_leaf("application", spec.program[0] if spec.program else None),
            *(Markup("arg", text=text) for text in spec.program[1:]),
            *(Markup("env", (("name", name),), value) for name, value in spec.environment),
            *_leaf("dir", spec.directory),
            *_leaf("user", _user(spec)),
            *_network(spec),
            *_interfaces(spec),
        ),
    )


def _user(spec: ContainerSpec) -> str | None:
    return f"{spec.user}:{spec.group}" if spec.user and spec.group else spec.user


def _shared(spec: ContainerSpec) -> Interface | None:
    """The interface whose addresses stand in `<network>`: a private one, else the only one."""
    private = [entry for entry in spec.interfaces if entry.kind is InterfaceKind.NAT]
    if private:
        return private[0]
    return spec.interfaces[0] if len(spec.interfaces) == 1 else None


def _network(spec: ContainerSpec) -> tuple[Markup, ...]:
    shared = _shared(spec)
    nameservers = [Markup("nameserver", (("address", text),)) for text in spec.nameservers]
    ips = _ips(shared, nameservers) if shared is not None else ()
    flat = () if ips else tuple(nameservers)
    if shared is not None and not ips:
        flat = (*_gateways(shared), *flat)
    if not (spec.hostname or ips or flat):
        return ()
    return (Markup("network", (("hostname", spec.hostname),), children=(*ips, *flat)),)


def _ips(interface: Interface, nameservers: list[Markup]) -> tuple[Markup, ...]:
    """The addresses, each gateway in the one whose subnet holds it, name servers in the first."""
    inside: list[list[Markup]] = [[] for _ in interface.addresses]
    for gateway in (interface.gateway, interface.gateway6) if inside else ():
        if gateway is not None:
            held = [subnet_holds(address, gateway) for address in interface.addresses]
            place = held.index(True) if any(held) else 0
            inside[place].append(Markup("gateway", (("address", gateway),)))
    if inside:
        inside[0] += nameservers
    return tuple(
        ip_markup(address, tuple(children))
        for address, children in zip(interface.addresses, inside, strict=True)
    )


def _gateways(interface: Interface) -> tuple[Markup, ...]:
    found = (interface.gateway, interface.gateway6)
    return tuple(Markup("gateway", (("address", text),)) for text in found if text is not None)


def _interfaces(spec: ContainerSpec) -> tuple[Markup, ...]:
    shared = _shared(spec)
    return tuple(
        interface_markup(entry, () if entry is shared else _ips(entry, []))
        for entry in spec.interfaces
        if entry.kind is InterfaceKind.BRIDGE
    )
