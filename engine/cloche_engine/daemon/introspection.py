"""Introspection XML, generated from the tables that calls are dispatched by."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from xml.sax.saxutils import quoteattr

from cloche_engine.api.bus_values import PROPERTIES as CONTAINER_PROPERTIES
from cloche_engine.api.names import CONTAINER, CONTAINERS_PATH, MANAGER, ROOT_PATH
from cloche_engine.daemon.copy_methods import COPY_METHODS
from cloche_engine.daemon.methods import METHODS
from cloche_engine.daemon.objects import ObjectTree
from cloche_engine.daemon.standard import STANDARD
from cloche_engine.daemon.table import (
    INTROSPECTABLE,
    OBJECT_MANAGER,
    PEER,
    PROPERTIES,
    Argument,
    Method,
    Signal,
    arguments,
)
from cloche_engine.daemon.template_methods import JOB_PROGRESS, TEMPLATE_METHODS

ALL_METHODS: tuple[Method, ...] = (*METHODS, *TEMPLATE_METHODS, *COPY_METHODS, *STANDARD)
SIGNALS: tuple[Signal, ...] = (
    Signal(MANAGER, "Samples", arguments("watch:u samples:a(sdttutttttddd)")),
    Signal(PROPERTIES, "PropertiesChanged", arguments("interface:s changed:a{sv} unknown:as")),
    Signal(OBJECT_MANAGER, "InterfacesAdded", arguments("object:o interfaces:a{sa{sv}}")),
    Signal(OBJECT_MANAGER, "InterfacesRemoved", arguments("object:o interfaces:as")),
    JOB_PROGRESS,
)
_DOCTYPE = (
    '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n'
    ' "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n'
)
_EVERYWHERE = (INTROSPECTABLE, PEER)


def interfaces_at(tree: ObjectTree, path: str) -> tuple[str, ...]:
    """The interfaces of the object at a path; none where there is no object and nothing below."""
    if path == ROOT_PATH:
        return (MANAGER, OBJECT_MANAGER, PROPERTIES, *_EVERYWHERE)
    if path in tree:
        return (CONTAINER, PROPERTIES, *_EVERYWHERE)
    return _EVERYWHERE if tree.is_node(path) else ()


def describe(tree: ObjectTree, path: str, *, with_containers: bool) -> str:
    """The introspection document of an object; the names of containers are not for everybody."""
    lines = [_DOCTYPE + "<node>"]
    lines += chain.from_iterable(map(_interface, interfaces_at(tree, path)))
    children = tree.children(path) if with_containers or path != CONTAINERS_PATH else []
    lines += [f"  <node name={quoteattr(child)}/>" for child in children]
    return "\n".join([*lines, "</node>\n"])


def contract() -> str:
    """Our two interfaces as the document that is installed for other programs."""
    return "\n".join(
        [_DOCTYPE + "<node>", *_interface(MANAGER), *_interface(CONTAINER), "</node>\n"]
    )


def _interface(name: str) -> list[str]:
    lines = [f'  <interface name="{name}">']
    for method in ALL_METHODS:
        if method.interface == name:
            lines += _member("method", method.member, _method_arguments(method))
    for signal in SIGNALS:
        if signal.interface == name:
            lines += _member("signal", signal.member, map(_argument, signal.arguments))
    if name == CONTAINER:
        lines += [
            f'    <property name="{key}" type="{kind}" access="read"/>'
            for key, kind in CONTAINER_PROPERTIES.items()
        ]
    return [*lines, "  </interface>"]


def _member(element: str, name: str, inside: Iterable[str]) -> list[str]:
    lines = list(inside)
    if not lines:
        return [f'    <{element} name="{name}"/>']
    return [f'    <{element} name="{name}">', *lines, f"    </{element}>"]


def _method_arguments(method: Method) -> Iterable[str]:
    yield from (_argument(argument, "in") for argument in method.inputs)
    yield from (_argument(argument, "out") for argument in method.outputs)


def _argument(argument: Argument, direction: str = "") -> str:
    attribute = f' direction="{direction}"' if direction else ""
    return f'      <arg name="{argument.name}" type="{argument.signature}"{attribute}/>'
