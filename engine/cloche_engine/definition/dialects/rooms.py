"""Where each dialect's reader and writer are; a room is opened when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.dialects.dialect import Dialect, Reading, Reason
from cloche_engine.definition.spec import ContainerSpec

_ROOMS = {
    Dialect.LINUXCONTAINER: ("linuxcontainer.read", "linuxcontainer.write"),
    Dialect.LINUXCONTAINER_V1: ("linuxcontainer.read", "linuxcontainer.write_v1"),
    Dialect.LIBVIRT_LXC: ("libvirt_lxc.read", "libvirt_lxc.write"),
    Dialect.OPENVZ: ("openvz.read", "openvz.write"),
    Dialect.OPENVZ_CONF: ("openvz_conf.read", "openvz_conf.write"),
    Dialect.VSERVER: ("vserver.read", "vserver.write"),
    Dialect.LXC_CONF: ("lxc_conf.read", "lxc_conf.write"),
}


@dataclass(frozen=True, slots=True)
class Writer:
    """A dialect's writer, and why it leaves out what it cannot hold."""

    write: Callable[[ContainerSpec], bytes]
    reasons: tuple[Reason, ...]


def tree_reader(dialect: Dialect) -> Callable[[Report], ContainerSpec | None]:
    """The reader of an XML dialect; what is wrong goes into the report."""
    read: Callable[[Report], ContainerSpec | None] = _module(_ROOMS[dialect][0]).read
    return read


def text_reader(dialect: Dialect) -> Callable[..., Reading]:
    """The reader of a dialect of lines; OpenVZ's takes the number of the file's name too."""
    read: Callable[..., Reading] = _module(_ROOMS[dialect][0]).read
    return read


def writer(dialect: Dialect) -> Writer:
    """The writer of a dialect."""
    room = _module(_ROOMS[dialect][1])
    return Writer(room.write, room.REASONS)


def _module(room: str) -> ModuleType:
    return import_module(f"cloche_engine.definition.dialects.{room}")
