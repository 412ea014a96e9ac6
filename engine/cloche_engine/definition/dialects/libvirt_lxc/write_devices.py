"""Writes `<devices>`: mounts, links and consoles."""

from __future__ import annotations

import ipaddress

from cloche_engine.definition.container.filesystem_markup import space_markup
from cloche_engine.definition.container.filesystems import HARD_LIMIT, SOFT_LIMIT, SOURCE_ATTRIBUTES
from cloche_engine.definition.dialects.libvirt_lxc.fitting import (
    is_device,
    is_generic,
    is_line,
    is_path,
)
from cloche_engine.definition.dialects.libvirt_lxc.links import MODES
from cloche_engine.definition.domain.consoles import consoles_markup
from cloche_engine.definition.domain.values import branch
from cloche_engine.definition.names import parse_address, valid_mac
from cloche_engine.definition.spec import (
    ContainerSpec,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Route,
)
from cloche_engine.definition.text.markup import Markup

_MODE_OF = {ours: theirs for theirs, ours in MODES.items()}
_MODE_OF |= {name: name for name in ("bridge", "private", "vepa")}
_PATHS = {FilesystemKind.FILE, FilesystemKind.BLOCK}


def devices_markup(spec: ContainerSpec) -> tuple[Markup, ...]:
    """`<devices>`, nothing where the container has none."""
    return branch(
        "devices",
        tuple(markup for entry in spec.filesystems for markup in _filesystem(entry)),
        tuple(markup for entry in spec.interfaces for markup in _interface(entry)),
        consoles_markup(spec.consoles),
    )


def _filesystem(entry: Filesystem) -> tuple[Markup, ...]:
    source = _source(entry)
    if source is None or not is_line(entry.target):
        return ()
    is_ram = entry.kind is FilesystemKind.RAM
    children = (
        source,
        Markup("target", (("dir", entry.target),)),
        *((Markup("readonly"),) if entry.readonly else ()),
        *space_markup(HARD_LIMIT, None if is_ram else entry.size_kib),
        *space_markup(SOFT_LIMIT, entry.soft_kib),
    )
    return (Markup("filesystem", (("type", str(entry.kind)),), children=children),)


def _source(entry: Filesystem) -> Markup | None:
    attribute = SOURCE_ATTRIBUTES[entry.kind]
    if entry.kind is FilesystemKind.RAM:
        size = entry.size_kib
        return Markup("source", ((attribute, str(size)), ("units", "KiB"))) if size else None
    if entry.kind is FilesystemKind.TEMPLATE:
        fits = is_generic(entry.source)
    elif entry.kind in _PATHS:
        fits = is_path(entry.source)
    else:
        fits = entry.source.startswith("/") and is_line(entry.source)
    return Markup("source", ((attribute, entry.source),)) if fits else None


def _interface(entry: Interface) -> tuple[Markup, ...]:
    if entry.kind is InterfaceKind.NAT:
        return _link(entry, "network", (("network", "default"),))
    if entry.kind is InterfaceKind.PHYSICAL:
        return _physical(entry)
    if entry.kind is InterfaceKind.NETWORK:
        fits = entry.source is not None and is_line(entry.source)
        return _link(entry, "network", (("network", entry.source),)) if fits else ()
    if entry.kind is InterfaceKind.BRIDGE:
        fits = entry.source is not None and is_device(entry.source)
        return _link(entry, "bridge", (("bridge", entry.source),)) if fits else ()
    if entry.kind is InterfaceKind.MACVLAN:
        fits = entry.source is not None and is_device(entry.source)
        mode = _MODE_OF.get(entry.mode or "")
        return _link(entry, "direct", (("dev", entry.source), ("mode", mode))) if fits else ()
    return _link(entry, "ethernet", ()) if entry.kind is InterfaceKind.ETHERNET else ()


def _link(
    entry: Interface, kind: str, source: tuple[tuple[str, str | None], ...]
) -> tuple[Markup, ...]:
    mac = entry.mac if entry.mac and not valid_mac(entry.mac) else None
    children = (
        *_leaf("mac", "address", mac),
        *((Markup("source", source),) if source else ()),
        *_leaf("target", "dev", _device(entry.host_name)),
        *_leaf("guest", "dev", _device(entry.name)),
        *(() if entry.up else (Markup("link", (("state", "down"),)),)),
        *_addresses(entry),
    )
    return (Markup("interface", (("type", kind),), children=children),)


def _physical(entry: Interface) -> tuple[Markup, ...]:
    if entry.source is None or not is_device(entry.source):
        return ()
    source = Markup("source", children=(Markup("interface", text=entry.source),))
    kind = (("mode", "capabilities"), ("type", "net"))
    return (Markup("hostdev", kind, children=(source, *_addresses(entry))),)


def _device(name: str | None) -> str | None:
    return name if name is not None and is_device(name) else None


def _leaf(name: str, attribute: str, value: str | None) -> tuple[Markup, ...]:
    return () if value is None else (Markup(name, ((attribute, value),)),)


def _addresses(entry: Interface) -> tuple[Markup, ...]:
    """`<ip>` and `<route>`; what is a gateway in the specification is a route to everywhere."""
    return (
        *(markup for text in entry.addresses for markup in _ip(text)),
        *(markup for route in (*entry.default_routes, *entry.routes) for markup in _route(route)),
    )


def _ip(text: str) -> tuple[Markup, ...]:
    found = _parsed(text)
    if found is None:
        return ()
    family, address, prefix = found
    return (
        Markup(
            "ip",
            (("family", family), ("address", address), ("prefix", prefix if "/" in text else None)),
        ),
    )


def _route(route: Route) -> tuple[Markup, ...]:
    to, via = _parsed(route.to), parse_address(route.via)
    if to is None or via is None:
        return ()
    family, address, prefix = to
    metric = None if route.metric is None else str(route.metric)
    values = (
        ("family", family),
        ("address", address),
        ("prefix", prefix),
        ("gateway", str(via)),
        ("metric", metric),
    )
    return (Markup("route", values),)


def _parsed(text: str) -> tuple[str, str, str] | None:
    """Family, address and prefix of one in prefix notation."""
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        return None
    return f"ipv{found.version}", str(found.ip), str(found.network.prefixlen)
