"""Writes `<domain type='linuxcontainer'>` in the canonical form, with all there is to say."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.container import console_buffer
from cloche_engine.definition.container.filesystem_markup import filesystem_markup
from cloche_engine.definition.container.network import WITHOUT_ADDRESS
from cloche_engine.definition.container.network_markup import (
    address_markup,
    interface_markup,
    is_private,
)
from cloche_engine.definition.container.rlimits import rlimit_markup
from cloche_engine.definition.container.stopping import Stopping, stopping_markup
from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.dialects.linuxcontainer.fitting import fitted
from cloche_engine.definition.domain.consoles import plain_consoles
from cloche_engine.definition.domain.disks import io_markup
from cloche_engine.definition.domain.features import features_markup
from cloche_engine.definition.domain.idmap import idmap_markup
from cloche_engine.definition.domain.lifecycle import Lifecycle, lifecycle_markup
from cloche_engine.definition.domain.limits import cpu_markup, memory_markup
from cloche_engine.definition.domain.namespaces import namespaces_markup
from cloche_engine.definition.domain.opaque import is_home, with_opaque
from cloche_engine.definition.domain.values import branch, leaf
from cloche_engine.definition.schema.linuxcontainer import DOMAIN_TYPE, ROOT, SCHEMA
from cloche_engine.definition.spec import ContainerSpec, Interface
from cloche_engine.definition.text.markup import Layout, Markup, writable_parts

_HOME = is_home(SCHEMA, "domain/devices/console")

REASONS: tuple[Reason, ...] = (
    Reason("consoles", "no console and nothing said of consoles are written alike"),
    Reason("interfaces.addresses", "an address is written with the size of its network"),
)
"""Otherwise only what no XML can carry is lost: what is not understood is kept as it is."""


def write(spec: ContainerSpec) -> bytes:
    """The document, without what no XML can carry."""
    spec = fitted(spec)
    domain = with_opaque(writable_parts(_domain(spec)), spec.opaque, _HOME)
    return (domain.render(Layout()) + "\n").encode()


def write_all(spec: ContainerSpec) -> bytes:
    """The document; ValueError where XML cannot carry all of it."""
    domain = with_opaque(_domain(spec), spec.opaque, _HOME)
    return (domain.render(Layout()) + "\n").encode()


def _domain(spec: ContainerSpec) -> Markup:
    lifecycle = Lifecycle(spec.on_poweroff, spec.on_reboot, spec.on_crash)
    return Markup(
        ROOT,
        (("type", DOMAIN_TYPE),),
        children=(
            Markup("name", text=spec.name),
            *leaf("uuid", spec.uuid),
            *leaf("title", spec.title),
            *leaf("description", spec.description),
            *_system(spec),
            _container(spec),
            *leaf("cpushare", spec.cpu.shares),
            *leaf("memory", spec.memory.max_kib),
            *leaf("processes", spec.processes),
            *leaf(console_buffer.ELEMENT, spec.console_kib),
            *memory_markup(replace(spec.memory, max_kib=None)),
            *io_markup(spec.io_weight, spec.io_devices),
            *cpu_markup(replace(spec.cpu, shares=None)),
            *idmap_markup(spec.idmap),
            *_features(spec),
            *lifecycle_markup(lifecycle),
            *_autostart(spec.autostart),
            *branch("devices", plain_consoles(spec.consoles, spec.console_ttys)),
            *namespaces_markup(spec.namespaces),
        ),
    )


def _system(spec: ContainerSpec) -> tuple[Markup, ...]:
    """What only `<os>` has a place for; the program stands in `<container>`."""
    if not (spec.arch or spec.machine):
        return ()
    attributes = (("arch", spec.arch), ("machine", spec.machine))
    return (Markup("os", children=(Markup("type", attributes, "exe"),)),)


def _features(spec: ContainerSpec) -> tuple[Markup, ...]:
    found = features_markup(spec.capabilities, None)
    switches = {
        "privnet": spec.network_isolated,
        "system": spec.system,
        "privileged": spec.privileged,
    }
    inside = (
        Markup(name, () if switch else (("state", "off"),))
        for name, switch in switches.items()
        if switch is not None
    )
    return branch("features", (*inside, *(found[0].children if found else ())))


def _autostart(autostart: bool | None) -> tuple[Markup, ...]:
    if autostart is None:
        return ()
    return (Markup("autostart", () if autostart else (("enabled", "no"),)),)


def _container(spec: ContainerSpec) -> Markup:
    return Markup(
        "container",
        children=(
            *leaf("profile", spec.profile),
            *(filesystem_markup(entry) for entry in spec.filesystems),
            *leaf("application", spec.program[0] if spec.program else None),
            *(Markup("arg", text=text) for text in spec.program[1:]),
            *(Markup("env", (("name", name),), value) for name, value in spec.environment),
            *leaf("dir", spec.directory),
            *_user(spec),
            *stopping_markup(Stopping(spec.stop_signal, spec.stop_grace)),
            *map(rlimit_markup, spec.rlimits),
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
